import type { RunState, TrainingRun, Webhook } from "./types";

type Tone = "neutral" | "accent" | "ok" | "warn" | "danger";

export const RUN_STATES: Readonly<Record<RunState, { word: string; tone: Tone; means: string }>> = {
  queued: { word: "queued", tone: "neutral", means: "Waits for a worker that can train it." },
  running: { word: "running", tone: "accent", means: "A worker is training it." },
  cancelling: { word: "stopping", tone: "warn", means: "The worker ends its step, keeps a checkpoint and stops." },
  cancelled: { word: "cancelled", tone: "warn", means: "Stopped by a person. Its checkpoint is kept: it can go on." },
  failed: { word: "failed", tone: "danger", means: "Stopped by an error. It can go on from its last checkpoint." },
  succeeded: { word: "finished", tone: "ok", means: "Trained to its last step. Its weights are a model version." },
};

/** A run that a worker has, or will have. */
export function isAlive({ state }: { state: RunState }): boolean {
  return state === "queued" || state === "running" || state === "cancelling";
}

/** What a queued run waits for, in a sentence that says what to do; null when it waits for nothing. */
export function waitsFor({ state, waits_for: what }: Pick<TrainingRun, "state" | "waits_for">): string | null {
  if (state !== "queued") return null;
  if (what === "gpu") return NO_GPU;
  if (what === "worker") {
    return "Waits for a worker: none that can train has answered. It begins as soon as one does; see “Workers” in the deployment guide.";
  }
  return "Waits for its turn: workers take one run after the other.";
}

export const NO_GPU =
  "This network needs a GPU, and no worker with a GPU has answered. The run stays in the queue until one is started; the presets ci and tiny run without.";

/** "45 s", "3 min", "2 h 10 min", "3 days": an estimate, so never more exact than it is. */
export function roughTime(seconds: number): string {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 36) return minutes % 60 === 0 || hours >= 10 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}

/** How long something took or is taking, from its begin to its end or now. */
export function lasted(from: string | null, to: string | null, now: Date = new Date()): string | null {
  if (from === null) return null;
  const seconds = ((to === null ? now : new Date(to)).getTime() - new Date(from).getTime()) / 1000;
  return roughTime(Math.max(0, seconds));
}

/** "2.9 M", "7.1 B" parameters. */
export function parametersText(n: number): string {
  if (n >= 1e9) return `${(n / 1e9).toFixed(1)} B`;
  if (n >= 1e6) return `${(n / 1e6).toFixed(1)} M`;
  return `${Math.round(n / 1e3)} k`;
}

export const WEBHOOK_EVENTS: Readonly<Record<Webhook["events"][number], string>> = {
  "release.ready": "A release is frozen and can be exported.",
  "run.finished": "A training run ended: finished, failed or cancelled.",
  "model.promoted": "Another model suggests from now on, or none.",
  "suggestions.ready": "The suggestions that were wanted are computed.",
};
