import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { Job, Release } from "../../api/types";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { JobProgress } from "./JobProgress";
import { isFinished, useJob } from "./useJob";

/** The methods page of a release, to read and to print. The numbers of a large one are computed by a job first. */
export function MethodsLinks({ release }: { release: Release }) {
  const [ready, setReady] = useState(release.methods_ready);
  const prepare = useMutation({
    // 204, which has no body: somebody else had the numbers computed meanwhile.
    mutationFn: () => api.post<Job | undefined>(`releases/${release.id}/methods/`, {}),
    onSuccess: (job) => setReady(!job),
  });
  const { job, error } = useJob(prepare.data?.id ?? null, ({ state }) => setReady(state === "succeeded"));
  const working = prepare.isPending || (job !== undefined && !isFinished(job));
  const address = `/api/v1/releases/${release.id}/methods/`;
  return (
    <section className="stack" aria-label={`Methods page of release ${release.number}`}>
      <div className="row row-between">
        <div>
          <strong>Methods page</strong>{" "}
          <span className="muted small">
            Panel, screens, screening, votes, agreement with intervals: text and figures for a paper's appendix.
          </span>
        </div>
        {ready ? (
          <span className="row">
            <a className="button button-small" href={address} target="_blank" rel="noreferrer">
              Read
              <span className="visually-hidden"> the methods page of release {release.number}</span>
            </a>
            <a className="button button-small" href={`${address}?format=pdf`} download>
              PDF
              <span className="visually-hidden"> of the methods page of release {release.number}</span>
            </a>
          </span>
        ) : (
          <Button
            small
            busy={working}
            aria-label={`Compute the methods page of release ${release.number}`}
            onClick={() => prepare.mutate()}
          >
            {working ? "Computing…" : "Compute"}
          </Button>
        )}
      </div>
      {job && !isFinished(job) ? <JobProgress job={job} label="Computing the figures" /> : null}
      {job && isFinished(job) && job.state !== "succeeded" ? (
        <p className="note note-error">{job.message || "The figures could not be computed."}</p>
      ) : null}
      {prepare.error || error ? <ErrorNote error={prepare.error ?? error} /> : null}
    </section>
  );
}
