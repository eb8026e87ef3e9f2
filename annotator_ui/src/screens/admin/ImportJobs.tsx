import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api } from "../../api/client";
import type { ImportReport, Job, Page, Study } from "../../api/types";
import { Badge } from "../shared/Badge";
import { ErrorNote } from "../shared/ErrorNote";
import { ImportReportView } from "./ImportReportView";
import { JobProgress } from "./JobProgress";
import { isFinished, useJob } from "./useJob";
import { studyKey } from "./useStudy";
import { count, formatNumber, timeAgo } from "./words";

const SHOWN = 5;
const TONES = { queued: "neutral", running: "accent", succeeded: "ok", failed: "danger", cancelled: "warn" } as const;

/** The latest imports of the study with what became of every file; they are the server's, so a reload loses none. */
export function ImportJobs({ study, onFinished }: { study: Study; onFinished: () => void }) {
  const jobs = useQuery({
    queryKey: studyKey(study.slug, "jobs", "import"),
    queryFn: () => api.get<Page<Job<ImportReport>>>(`studies/${study.slug}/jobs/?kind=import&limit=${SHOWN}`),
  });
  const listed = jobs.data?.results;
  // An import of few files is often over before the list that first names it arrives, and then nobody watches it end.
  const known = useRef<ReadonlySet<string> | null>(null);
  useEffect(() => {
    if (listed === undefined) return;
    const before = known.current;
    known.current = new Set(listed.map((job) => job.id));
    if (before !== null && listed.some((job) => isFinished(job) && !before.has(job.id))) onFinished();
  }, [listed, onFinished]);
  if (jobs.error) return <ErrorNote error={jobs.error} onRetry={() => void jobs.refetch()} />;
  if (listed === undefined || listed.length === 0) return null;
  return (
    <section className="card stack" aria-labelledby="imports">
      <h2 id="imports">Latest imports</h2>
      <ol className="plain-list jobs">
        {listed.map((job, index) => (
          <li key={job.id}>
            <ImportJob job={job} open={index === 0 && isFresh(job)} onFinished={onFinished} />
          </li>
        ))}
      </ol>
    </section>
  );
}

function ImportJob({
  job: listed,
  open,
  onFinished,
}: {
  job: Job<ImportReport>;
  open: boolean;
  onFinished: () => void;
}) {
  const watched = useJob<ImportReport>(isFinished(listed) ? null : listed.id, onFinished);
  const job = watched.job ?? listed;
  if (!isFinished(job)) return <JobProgress job={job} label="Importing" />;
  return (
    <details open={open}>
      <summary>
        <Badge tone={TONES[job.state]}>{job.state}</Badge> {timeAgo(job.created_at)}{" "}
        <span className="muted">{summaryOf(job)}</span>
      </summary>
      {job.state === "succeeded" ? null : <p>{job.message}</p>}
      {job.report && "refused" in job.report ? (
        <ImportReportView report={job.report} name={`import-${job.created_at.slice(0, 10)}`} />
      ) : null}
    </details>
  );
}

/** A report that somebody is likely waiting for; older ones are opened when they are wanted. */
function isFresh({ created_at: begun }: Job<ImportReport>): boolean {
  return Date.now() - new Date(begun).getTime() < 10 * 60_000;
}

function summaryOf({ report }: Job<ImportReport>): string {
  if (report === null || !("refused" in report)) return "";
  const parts = [`${count(report.images_added, "image")} and ${count(report.rois_added, "ROI")} added`];
  if (report.refused_count > 0) parts.push(`${formatNumber(report.refused_count)} refused`);
  return parts.join(", ");
}
