import { useCallback, useEffect, useRef, useState } from "react";
import { api } from "../../api/client";
import type { Job, ROILevel } from "../../api/types";
import { batchesOf } from "./uploadPlan";
import { isFinished } from "./useJob";

export interface UploadState {
  /** Bytes sent of this upload as a whole, 0..1; null when nothing is being sent. */
  fraction: number | null;
  batch: number;
  batches: number;
  error: unknown;
}

export interface ImportOptions {
  /** Where the images are from; may be empty. */
  source: string;
  /** The level of ROIs whose file does not say one. */
  level: ROILevel;
}

const IDLE: UploadState = { fraction: null, batch: 0, batches: 0, error: null };
const POLL_MS = 700;

/** Waits until the job has ended, however it ended. */
async function ended(id: string, signal: AbortSignal): Promise<void> {
  while (!isFinished(await api.get<Job>(`jobs/${id}/`, { signal }))) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Sends files to a study, in as many requests as their size needs; each request becomes an import job. */
export function useUpload(slug: string, onJob: () => void) {
  const [state, setState] = useState(IDLE);
  const abort = useRef<AbortController | null>(null);
  const sending = state.fraction !== null;

  useEffect(() => {
    if (!sending) return;
    // Leaving now would lose what has not been sent.
    const warn = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", warn);
    return () => window.removeEventListener("beforeunload", warn);
  }, [sending]);

  const send = useCallback(
    async (files: readonly File[], options: ImportOptions): Promise<boolean> => {
      const batches = batchesOf(files);
      const all = files.reduce((sum, { size }) => sum + size, 0) || 1;
      const control = new AbortController();
      abort.current = control;
      let sent = 0;
      try {
        for (const [index, batch] of batches.entries()) {
          setState({ fraction: sent / all, batch: index + 1, batches: batches.length, error: null });
          const size = batch.reduce((sum, file) => sum + file.size, 0);
          const form = new FormData();
          for (const file of batch) form.append("files", file, file.name);
          form.append("source", options.source.trim());
          form.append("level", options.level);
          const job = await api.upload<Job>(`studies/${slug}/images/`, form, {
            onProgress: (fraction) => setState((before) => ({ ...before, fraction: (sent + fraction * size) / all })),
            signal: control.signal,
          });
          onJob();
          sent += size;
          if (index < batches.length - 1) await ended(job.id, control.signal);
        }
        setState(IDLE);
        return true;
      } catch (error) {
        setState({ ...IDLE, error: control.signal.aborted ? null : error });
        return false;
      }
    },
    [slug, onJob],
  );

  return { state, send, cancel: () => abort.current?.abort() };
}
