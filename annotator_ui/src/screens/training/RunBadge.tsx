import { Badge } from "../shared/Badge";
import type { TrainingRun } from "./types";
import { RUN_STATES, waitsFor } from "./words";

/** The state of a run; a queued one says what it waits for. */
export function RunBadge({ run }: { run: TrainingRun }) {
  const state = RUN_STATES[run.state];
  const waits = run.state === "queued" && run.waits_for !== "";
  return (
    <Badge tone={waits ? "warn" : state.tone} title={waitsFor(run) ?? state.means}>
      {waits ? `waits for a ${run.waits_for === "gpu" ? "GPU" : "worker"}` : state.word}
    </Badge>
  );
}
