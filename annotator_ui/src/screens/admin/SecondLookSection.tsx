import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { MoreVotes, SecondLook, Study } from "../../api/types";
import { type Field, levelWords } from "../../state/rating/scales";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Table } from "../shared/Table";
import { useToast } from "../shared/Toast";
import { digits } from "./figures";
import { hasRole, studyKey } from "./useStudy";
import { count } from "./words";

/** Further votes that one click asks for. */
const MORE = 2;

/** Where a model may point freely, after votes are in: odd votes, and ROIs that more votes would help. */
export function SecondLookSection({ study }: { study: Study }) {
  const look = useQuery({
    queryKey: studyKey(study.slug, "second-look"),
    queryFn: () => api.get<SecondLook>(`studies/${study.slug}/second-look/`),
  });
  if (look.data === undefined) {
    return look.isError ? <ErrorNote error={look.error} onRetry={() => void look.refetch()} /> : null;
  }
  return (
    <>
      <OddVotes study={study} look={look.data} />
      <DoubtfulROIs study={study} look={look.data} />
    </>
  );
}

function OddVotes({ study, look }: { study: Study; look: SecondLook }) {
  return (
    <section className="card titled stack" aria-labelledby="odd-votes">
      <h2 id="odd-votes">Votes for a second look</h2>
      <p className="muted small">
        Two levels or more from the others’ mean and from the model, on the same side of both. Who stands alone may be
        the only one who looked: nothing is changed or left out by this list.
      </p>
      {look.votes.length === 0 ? (
        <p className="muted">None. It takes three other votes on the ROI and a suggestion of the promoted model.</p>
      ) : (
        <Table
          caption="Votes that panel and model both speak against"
          columns={[
            { header: "ROI", cell: (row) => <ROILink study={study} {...row} /> },
            { header: "Annotator", cell: ({ username }) => username },
            { header: "Scale", cell: ({ scale }) => scale },
            { header: "Vote", cell: ({ scale, vote }) => word(scale, vote) },
            { header: "Others’ mean", numeric: true, cell: ({ others }) => digits(others) },
            { header: "Model", cell: ({ scale, model }) => word(scale, model) },
          ]}
          rows={look.votes}
          rowKey={({ roi, pseudonym, scale }) => `${roi} ${pseudonym} ${scale}`}
        />
      )}
      {look.left_off.votes > 0 ? <p className="muted small">{count(look.left_off.votes, "further vote")}.</p> : null}
    </section>
  );
}

function DoubtfulROIs({ study, look }: { study: Study; look: SecondLook }) {
  const queries = useQueryClient();
  const toast = useToast();
  const ask = useMutation({
    mutationFn: (rois: string[]) =>
      api.post<{ asked: number }>(`studies/${study.slug}/more-votes/`, { rois, more: MORE } satisfies MoreVotes),
    onSuccess: ({ asked }) => {
      toast({ text: `${MORE} more votes are wanted on ${count(asked, "ROI")}.`, tone: "ok" });
      return queries.invalidateQueries({ queryKey: studyKey(study.slug) });
    },
  });
  const admin = hasRole(study, "admin");
  const waiting = ({ wanted, votes }: SecondLook["rois"][number]) => wanted > votes;
  const done = look.rois.filter((row) => !waiting(row));
  return (
    <section className="card titled stack" aria-labelledby="doubtful-rois">
      <h2 id="doubtful-rois">ROIs that more votes would help</h2>
      <p className="muted small">
        Train part only: the quality label lies 1.5 levels or more from the model, or votes disagree where the model is
        unsure too. More votes settle who is right; the model’s view never counts.
      </p>
      {look.rois.length === 0 ? (
        <p className="muted">None.</p>
      ) : (
        <Table
          caption="ROIs that more votes would help, most first"
          columns={[
            { header: "ROI", cell: (row) => <ROILink study={study} {...row} /> },
            { header: "Votes", numeric: true, cell: ({ votes, wanted }) => `${votes} of ${wanted}` },
            { header: "Quality", numeric: true, cell: ({ quality }) => digits(quality) },
            { header: "Spread", numeric: true, cell: ({ sd }) => (sd === null ? "–" : digits(sd)) },
            { header: "Model", cell: ({ model }) => word("quality", model) },
            { header: "Model’s doubt", numeric: true, cell: ({ uncertainty }) => digits(uncertainty) },
            {
              header: "",
              cell: (row) =>
                waiting(row) ? (
                  <span className="muted">more are coming</span>
                ) : admin ? (
                  <Button small busy={ask.isPending} onClick={() => ask.mutate([row.roi])}>
                    Ask for {MORE} more
                  </Button>
                ) : null,
            },
          ]}
          rows={look.rois}
          rowKey={({ roi }) => roi}
        />
      )}
      {ask.error ? <ErrorNote error={ask.error} /> : null}
      {admin && done.length > 1 ? (
        <div className="row">
          <Button busy={ask.isPending} onClick={() => ask.mutate(done.map(({ roi }) => roi))}>
            Ask for {MORE} more on all {done.length}
          </Button>
        </div>
      ) : null}
    </section>
  );
}

function ROILink({ study, image, name, file_name }: { study: Study; image: string; name: string; file_name: string }) {
  return <Link to={`/studies/${study.slug}/images/${image}`}>{name === "" ? file_name : name}</Link>;
}

function word(scale: string, level: number): string {
  return levelWords(scale as Field)[level] ?? String(level);
}
