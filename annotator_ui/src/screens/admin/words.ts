import type { ROILevel, Role, Ruleset, SkipReason, Split, StudyState, SuggestionMode } from "../../api/types";

/** The words that staff read, each with what it means: nothing on these pages is left to be guessed. */
export const STATES: Readonly<Record<StudyState, { word: string; tone: "ok" | "warn" | "neutral"; means: string }>> = {
  open: { word: "open", tone: "ok", means: "Annotators get ROIs to rate." },
  paused: {
    word: "paused",
    tone: "warn",
    means: "Nobody gets a new ROI. Ratings that are already under way can still be sent, so no work is lost.",
  },
  closed: {
    word: "closed",
    tone: "neutral",
    means: "Rating is over. Labels, releases and exports stay available, and the study can be opened again.",
  },
};

export const ROLES: Readonly<Record<Role, { word: string; means: string }>> = {
  annotator: { word: "annotator", means: "Rates ROIs. Sees only their own work." },
  admin: { word: "admin", means: "Runs the study: images, ROIs, members, settings, releases." },
  ml_engineer: { word: "ML engineer", means: "Draws ROIs, freezes releases and exports them." },
};

export const RULESETS: Readonly<Record<Ruleset, { title: string; means: string }>> = {
  "anchor-v1": {
    title: "anchor-v1 (recommended)",
    means:
      "A distortion is absent when more than half of the raters answered “nonexistent”. Otherwise its severity is the " +
      "mean of the raters who saw it (extreme 0 … trivial 4). Raters who saw nothing do not make it look milder.",
  },
  "literal-v1": {
    title: "literal-v1",
    means:
      "The same rule for absent, but the severity is the mean of all votes, with “nonexistent” counted as 5. This is " +
      "the letter of the SEAGULL paper; labels come out milder when raters disagree whether a distortion is there.",
  },
};

/** What each way of showing a model's suggestions does, and what it costs (docs/modes.md). */
export const MODES: Readonly<Record<SuggestionMode, { title: string; means: string; costs: string }>> = {
  blind: {
    title: "Blind",
    means: "Nobody ever sees what a model says. Votes stay independent of it.",
    costs: "Costs nothing that the labels are worth; annotators get no second pair of eyes.",
  },
  reveal_after: {
    title: "Reveal after (recommended)",
    means:
      "Annotators answer first. Then the model's words stand beside theirs, and they may change their mind once. " +
      "The first answer is the label; the second thought shows you where people or the model slip.",
    costs: "Costs a few seconds per ROI. Over weeks people may learn to see as the model does.",
  },
  prefill: {
    title: "Pre-fill",
    means:
      "The form opens with the model's levels, marked as such; each must be answered or confirmed before it can be " +
      "sent. Faster where the model is good.",
    costs:
      "Costs independence. People lean towards what stands there, and the model's error does not average out over " +
      "raters: simulated with a lean of 30 %, agreement (ICC) rises from .61 to .77 and the model's score from .80 " +
      "to .90, while the labels get no better. So at least one pair in five stays blind, and releases report their " +
      "labels with and without pre-filled votes.",
  },
};

export const SKIP_REASONS: Readonly<Record<SkipReason, string>> = {
  too_small: "too small to judge",
  mask_wrong: "outline is wrong",
  image_broken: "image is broken",
  other: "other reason",
};

export const SPLITS: Readonly<Record<Split, string>> = {
  train: "Training part: models learn from the ROIs of this image.",
  test: "Test part: kept apart to measure models. An image never changes its part.",
};

export const LEVELS: Readonly<Record<ROILevel, string>> = { object: "object", component: "component" };

/** "1 ROI", "12 ROIs", "1,204 ratings". */
export function count(n: number, singular: string, plural = `${singular}s`): string {
  return `${formatNumber(n)} ${n === 1 ? singular : plural}`;
}

export function formatNumber(n: number): string {
  return n.toLocaleString("en-US");
}

/** Whole per cent, never 100 before all is done and never 0 once something is. */
export function percent(done: number, total: number): number {
  if (total <= 0 || done <= 0) return 0;
  if (done >= total) return 100;
  return Math.min(99, Math.max(1, Math.round((100 * done) / total)));
}

const DATE_TIME = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });
const DATE = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium" });

/** In the reader's own time zone. */
export function formatDateTime(iso: string): string {
  return DATE_TIME.format(new Date(iso));
}

export function formatDate(iso: string): string {
  return DATE.format(new Date(iso));
}

export function timeAgo(iso: string, now: Date = new Date()): string {
  const seconds = Math.max(0, (now.getTime() - new Date(iso).getTime()) / 1000);
  if (seconds < 60) return "just now";
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 36 * 3600) return `${Math.round(seconds / 3600)} h ago`;
  if (seconds < 14 * 86_400) return `${Math.round(seconds / 86_400)} days ago`;
  return formatDate(iso);
}

/** A duration of seconds to minutes, as in the median time for one ROI. */
export function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** An estimate, so never more exact than it is. */
export function formatHours(hours: number): string {
  if (hours < 1) return "less than an hour";
  if (hours < 48) return `about ${count(Math.round(hours), "hour")}`;
  return `about ${Math.round(hours / 24)} days`;
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 ** 2) return `${Math.round(bytes / 1024)} KB`;
  if (bytes < 1024 ** 3) return `${(bytes / 1024 ** 2).toFixed(1)} MB`;
  return `${(bytes / 1024 ** 3).toFixed(1)} GB`;
}
