import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { Job, Page, ProposalsRequest, ROILevel, Study } from "../../api/types";
import { LEVEL_WORDS } from "../../model/rois";
import { JobProgress } from "../admin/JobProgress";
import { isFinished, useJob } from "../admin/useJob";
import { hasRole, studyKey } from "../admin/useStudy";
import { count } from "../admin/words";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";

interface Report {
  images?: number;
  added?: number;
  failed?: number;
}

const MEANS: Readonly<Record<ROILevel, string>> = {
  component: "Parts: an eye, a wheel, a patch of sky. From points all over the image",
  object: "Whole things: a person, a car. Needs a detector for boxes, else from large masks",
};

/** What the last job did, as a sentence. */
function outcomeOf({ state, message, report }: Job<Report>): string {
  if (state === "failed") return `The proposals could not be made: ${message}`;
  if (state === "cancelled") return "Making proposals was stopped; what was there by then is in the queue.";
  const added = report?.added ?? 0;
  const failed = report?.failed ?? 0;
  const images = count(report?.images ?? 0, "image");
  return `${count(added, "new proposal")} on ${images}${failed > 0 ? `; ${count(failed, "image")} failed` : ""}.`;
}

/** Starts the job that makes proposals (admins), and shows how far it is (everybody here). */
export function ProposalJob({ study, onFinished }: { study: Study; onFinished: () => void }) {
  const queries = useQueryClient();
  const key = studyKey(study.slug, "jobs", "proposals");
  const latest = useQuery({
    queryKey: key,
    queryFn: () => api.get<Page<Job<Report>>>(`studies/${study.slug}/jobs/?kind=proposals&limit=1`),
  });
  const [level, setLevel] = useState<ROILevel>("component");
  const start = useMutation({
    mutationFn: () => api.post<Job<Report>>(`studies/${study.slug}/proposals/`, { level } satisfies ProposalsRequest),
    onSettled: () => queries.invalidateQueries({ queryKey: key }),
  });
  const listed = latest.data?.results[0];
  const watched = useJob<Report>(listed !== undefined && !isFinished(listed) ? listed.id : null, () => {
    void queries.invalidateQueries({ queryKey: key });
    onFinished();
  });
  const job = watched.job ?? listed;
  if (job !== undefined && !isFinished(job)) return <JobProgress job={job} label="Making proposals" />;
  return (
    <div className="stack">
      {job === undefined ? null : <p className="muted">Last time: {outcomeOf(job)}</p>}
      {hasRole(study, "admin") ? (
        <form
          className="stack"
          aria-label="New proposals"
          onSubmit={(event) => {
            event.preventDefault();
            start.mutate();
          }}
        >
          <fieldset className="field choices">
            <legend className="field-label">What to propose, on all images of the study</legend>
            {(["component", "object"] as const).map((value) => (
              <label key={value} className="tick">
                <input type="radio" name="level" checked={level === value} onChange={() => setLevel(value)} />
                <span>
                  {LEVEL_WORDS[value]}s<span className="field-hint">{MEANS[value]}.</span>
                </span>
              </label>
            ))}
          </fieldset>
          <div>
            <Button type="submit" variant="primary" busy={start.isPending}>
              Make proposals
            </Button>
          </div>
          {start.error ? <ErrorNote error={start.error} /> : null}
        </form>
      ) : (
        <p className="muted">The study's admins can have proposals made.</p>
      )}
    </div>
  );
}
