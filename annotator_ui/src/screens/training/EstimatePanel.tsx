import { Stat } from "../admin/Stat";
import { formatBytes, formatNumber, timeAgo } from "../admin/words";
import type { RunForm } from "./runForm";
import type { Estimate, RunOptions } from "./types";
import { NO_GPU, roughTime } from "./words";

/** What the run will take, and what it will wait for. */
export function EstimatePanel({
  estimate: { data: estimate, isStale },
  options,
  form,
  ready,
}: {
  estimate: { data: Estimate | undefined; isStale: boolean };
  options: RunOptions;
  form: RunForm;
  /** The form can be asked about. */
  ready: boolean;
}) {
  const base = options.bases.find(({ id }) => id === form.base);
  const preset = options.presets.find(({ name }) => name === (base?.preset ?? form.preset));
  const needsGPU = estimate?.needs_gpu ?? preset?.needs_gpu ?? false;
  return (
    <>
      <h2>Before you start</h2>
      <div aria-live="polite" aria-busy={isStale} className={isStale ? "estimate estimate-old" : "estimate"}>
        {estimate === undefined ? (
          <p className="muted">
            {ready ? "Estimating time and memory…" : "The estimate comes when the form is complete."}
          </p>
        ) : (
          <>
            <dl className="stats">
              <Stat
                term="Time"
                value={estimate.seconds === null ? "unknown" : `about ${roughTime(estimate.seconds)}`}
              />
              <Stat
                term="Memory"
                value={estimate.memory_bytes === null ? "unknown" : `about ${formatBytes(estimate.memory_bytes)}`}
              />
              <Stat term="Steps" value={estimate.steps === null ? "unknown" : formatNumber(estimate.steps)} />
            </dl>
            <p className="muted small">{estimate.basis}</p>
          </>
        )}
        <WaitsFor needsGPU={needsGPU} workers={options.workers} />
      </div>
    </>
  );
}

function WaitsFor({ needsGPU, workers }: { needsGPU: boolean; workers: RunOptions["workers"] }) {
  if (workers.seen_at === null) {
    return (
      <p className="note note-warn">
        No worker that can train has answered. You can start the run: it waits in the queue until one does.
      </p>
    );
  }
  if (needsGPU && workers.gpu !== true) return <p className="note note-warn">{NO_GPU}</p>;
  return (
    <p className="note">
      A worker {workers.gpu ? "with a GPU" : "without a GPU"} answered {timeAgo(workers.seen_at)}. The run starts when
      it is free.
    </p>
  );
}
