import { useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { api } from "../../api/client";
import type { Job } from "../../api/types";

const POLL_MS = 700;

export function isFinished(job: { state: Job["state"] }): boolean {
  return job.state !== "queued" && job.state !== "running";
}

/** A job's row, asked for until it is finished; then `onFinished` is called, once for each job. */
export function useJob<Report = Record<string, unknown>>(
  id: string | null,
  onFinished?: (job: Job<Report>) => void,
): { job: Job<Report> | undefined; error: unknown } {
  const query = useQuery({
    queryKey: ["job", id],
    queryFn: () => api.get<Job<Report>>(`jobs/${id}/`),
    enabled: id !== null,
    refetchInterval: ({ state }) => (state.data !== undefined && isFinished(state.data) ? false : POLL_MS),
  });
  const job = query.data;
  const told = useRef<string | null>(null);
  useEffect(() => {
    if (job === undefined || !isFinished(job) || told.current === job.id) return;
    told.current = job.id;
    onFinished?.(job);
  }, [job, onFinished]);
  return { job, error: query.error };
}
