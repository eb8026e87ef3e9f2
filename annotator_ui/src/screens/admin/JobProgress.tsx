import { useMutation, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Job } from "../../api/types";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { percent } from "./words";

/** A job at work: how far it is, what it is doing, and a button to stop it where that is possible. */
export function JobProgress<Report>({ job, label }: { job: Job<Report>; label: string }) {
  const queries = useQueryClient();
  const cancel = useMutation({
    mutationFn: () => api.post(`jobs/${job.id}/cancel/`, {}),
    onSettled: () => queries.invalidateQueries({ queryKey: ["job", job.id] }),
  });
  const total = job.total ?? 0;
  const counted = total > 0 ? `: ${percent(job.done, total)} %` : "";
  return (
    <div className="stack">
      <Progress
        label={job.state === "queued" ? `${label}: waiting for a worker` : `${label}${counted}`}
        {...(total > 0 && job.state === "running" ? { value: job.done, max: total } : {})}
      />
      <div className="row row-between">
        <span className="muted small">{job.message}</span>
        {job.cancellable ? (
          <Button small busy={cancel.isPending} onClick={() => cancel.mutate()}>
            Cancel
          </Button>
        ) : null}
      </div>
      {cancel.error ? <ErrorNote error={cancel.error} /> : null}
    </div>
  );
}
