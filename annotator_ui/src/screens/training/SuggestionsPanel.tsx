import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { Job, Study } from "../../api/types";
import { JobProgress } from "../admin/JobProgress";
import { StackedBar } from "../admin/StackedBar";
import { isFinished, useJob } from "../admin/useJob";
import { hasRole, studyKey, useRefreshStudy } from "../admin/useStudy";
import { count } from "../admin/words";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { nameOf } from "./CompareModels";
import type { ModelVersion, SuggestionState } from "./types";

/** Which ROIs the promoted model has judged; computes what is missing. */
export function SuggestionsPanel({ study, models }: { study: Study; models: readonly ModelVersion[] }) {
  const serving = models.find(({ is_promoted: promoted }) => promoted);
  return (
    <section className="card stack" aria-labelledby="suggestions">
      <h2 id="suggestions">Suggestions</h2>
      {serving === undefined ? (
        <p className="muted">
          No model is promoted, so there are no suggestions. Open a model and promote it to let it suggest.
        </p>
      ) : (
        <State study={study} serving={serving} />
      )}
    </section>
  );
}

function State({ study, serving }: { study: Study; serving: ModelVersion }) {
  const refresh = useRefreshStudy(study.slug);
  const [started, setStarted] = useState<string | null>(null);
  const state = useQuery({
    queryKey: studyKey(study.slug, "suggestion-state", serving.id),
    queryFn: () => api.get<SuggestionState>(`studies/${study.slug}/suggestions/state/`),
    refetchInterval: 10_000,
  });
  const { job } = useJob(started ?? state.data?.job ?? null, refresh);
  const compute = useMutation({
    mutationFn: () => api.post<Job | null>(`studies/${study.slug}/suggestions/`, {}),
    onSuccess: (made) => {
      setStarted(made?.id ?? null);
      refresh();
    },
  });
  if (state.data === undefined) {
    return state.isError ? <ErrorNote error={state.error} onRetry={() => void state.refetch()} /> : null;
  }
  const { rois, ready, leaked, missing } = state.data;
  const working = job !== undefined && !isFinished(job);
  return (
    <>
      <p>
        {nameOf(serving)} suggests. Of {count(rois, "ROI")} that may be shown a suggestion,{" "}
        {count(ready, "one has", "have one").replace(/^(\d[\d,]*) one has/, "$1 has one")}. ROIs of the test part and
        golds never get one.
      </p>
      <StackedBar
        label="ROIs by suggestion"
        parts={[
          { name: "ready", value: ready, tone: "done", means: "The model's suggestion can be shown." },
          {
            name: "leaked",
            value: leaked,
            tone: "half",
            means: "The model learned from this image: its suggestion is kept, marked, and never shown.",
          },
          { name: "missing", value: missing, tone: "rest", means: "Not computed yet, or the mask changed since." },
        ]}
      />
      <p className="muted small">
        Leaked: the model learned from that image, so its word would be an echo; it is kept but never shown. New ROIs
        get theirs within seconds of being drawn.
      </p>
      {working ? (
        <JobProgress job={job} label="Computing suggestions" />
      ) : missing > 0 ? (
        <div className="row">
          <Button variant="primary" busy={compute.isPending} onClick={() => compute.mutate()}>
            Compute the {count(missing, "missing suggestion")}
          </Button>
        </div>
      ) : null}
      {compute.error ? <ErrorNote error={compute.error} /> : null}
      {job && isFinished(job) && job.state !== "succeeded" ? (
        <p className="note note-error">{job.message || "The suggestions were not computed."}</p>
      ) : null}
      <p className="small">
        How annotators meet them is the suggestion mode
        {hasRole(study, "admin") ? (
          <>
            , under <Link to={`/studies/${study.slug}?tab=settings`}>Settings</Link>.
          </>
        ) : (
          ", which an admin sets."
        )}
      </p>
    </>
  );
}
