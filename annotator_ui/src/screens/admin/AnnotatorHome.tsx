import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { MyProgress, Study } from "../../api/types";
import { CompletionCode, useCompletion } from "../rating/CrowdDone";
import { ButtonLink } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Prose } from "./Prose";
import { Stat } from "./Stat";
import { studyKey } from "./useStudy";
import { formatNumber } from "./words";

/** What an annotator sees of a study: what it is about, how to rate, and their own work. Nobody else's. */
export function AnnotatorHome({ study }: { study: Study }) {
  const mine = useQuery({
    queryKey: studyKey(study.slug, "my-progress"),
    queryFn: () => api.get<MyProgress>(`studies/${study.slug}/my-progress/`),
  });
  return (
    <div className="stack">
      {study.description ? <Prose text={study.description} /> : null}
      <section className="card stack" aria-label="Your work">
        {mine.error ? <ErrorNote error={mine.error} onRetry={() => void mine.refetch()} /> : null}
        {mine.data ? (
          <>
            <dl className="stats">
              <Stat term="You have rated" value={formatNumber(mine.data.rated)} />
              <Stat term="Of these today" value={formatNumber(mine.data.rated_today)} />
              <Stat term="Skipped" value={formatNumber(mine.data.skipped)} />
            </dl>
            <RateInvitation study={study} />
          </>
        ) : null}
      </section>
      <CrowdWork study={study} rated={mine.data?.rated ?? 0} />
      {study.guide_text ? (
        <section className="card" aria-label="Guide">
          <h2>How to rate</h2>
          <Prose text={study.guide_text} />
        </section>
      ) : null}
    </div>
  );
}

function RateInvitation({ study }: { study: Study }) {
  if (study.state !== "open") {
    return (
      <p>
        {study.state === "paused"
          ? "The study is paused: there is nothing to rate until an admin opens it again."
          : "The study is closed. Thank you for your ratings."}
      </p>
    );
  }
  return (
    <div className="row">
      <ButtonLink to={`/studies/${study.slug}/rate`} variant="primary" className="button-big">
        Rate
      </ButtonLink>
      {study.annotators_draw ? <ButtonLink to={`/studies/${study.slug}/images`}>Draw ROIs</ButtonLink> : null}
    </div>
  );
}

/** For people of crowd platforms: how much is left to do, or their code. */
function CrowdWork({ study, rated }: { study: Study; rated: number }) {
  const completion = useCompletion(study.slug, rated).data;
  if (!completion) return null;
  return (
    <section className="card" aria-label="Your completion code">
      {completion.code === null ? (
        <p>
          {completion.rated} of {completion.wanted} regions rated. Your completion code is shown when you have rated
          all.
        </p>
      ) : (
        <CompletionCode completion={completion} />
      )}
    </section>
  );
}
