import type { Job } from "../../api/types";

export type Stage = string;
export type RunState = "queued" | "running" | "cancelling" | "cancelled" | "failed" | "succeeded";

/** A value of a setting as the server takes it. */
export type SettingValue = number | string | boolean | null | readonly number[] | Readonly<Record<string, unknown>>;

export interface SettingField {
  name: string;
  type: string;
  default: SettingValue;
  minimum?: number | null;
  maximum?: number | null;
  choices?: string[] | null;
  /** `none` is a value too. */
  nullable: boolean;
  help: string;
  /** What may be given, in words. */
  allowed: string;
}

export interface RunOptions {
  stages: { name: string; title: string; description: string; settings: SettingField[] }[];
  presets: { name: string; title: string; parameters: number; variant: string; needs_gpu: boolean; note: string }[];
  variants: string[];
  releases: { id: string; number: number; rois: number; images: number; created_at: string }[];
  synthetic_sets: { name: string; rows: number; images: number }[];
  bases: { id: string; title: string; preset: string; variant: string }[];
  workers: { gpu: boolean | null; seen_at: string | null; machines: { host: string; gpus: string[] }[] };
}

export interface NewRun {
  study: string;
  stage: string;
  preset?: string;
  variant?: string;
  base?: string | null;
  release?: string;
  synthetic_set?: string;
  fraction?: number;
  settings?: Record<string, SettingValue>;
  note?: string;
}

export interface Estimate {
  seconds: number | null;
  memory_bytes: number | null;
  steps: number | null;
  needs_gpu: boolean;
  basis: string;
}

export interface TrainingRun {
  id: string;
  study: string;
  number: number;
  stage: string;
  preset: string;
  variant: string;
  base: string | null;
  release: string | null;
  release_number: number | null;
  synthetic_set: string;
  fraction: number;
  settings: Record<string, unknown>;
  network: Record<string, unknown>;
  note: string;
  automatic: boolean;
  state: RunState;
  waits_for: "" | "gpu" | "worker";
  message: string;
  step: number;
  steps: number;
  metrics: Record<string, number | null>;
  seconds_left: number | null;
  device: string;
  attempts: number;
  model_version: string | null;
  created_by: string;
  created_at: string;
  started_at: string | null;
  finished_at: string | null;
  key: string;
}

/** One step of the curve: whatever the run measured there. */
export type Point = { step: number } & Record<string, number | null>;

/** What the network said of one ROI while it trained, beside what people said. */
export interface RunSample {
  step: number;
  [key: string]: unknown;
}

/** The curve so far, thinned, and the latest samples, oldest first. */
export interface RunPoints {
  points: Point[];
  samples: RunSample[];
}

export interface RetrainRule {
  enabled: boolean;
  min_new_rois: number;
  min_growth_percent: number;
  debounce_minutes: number;
  budget_hours_per_week: number;
  preset: string;
  stage: string;
  settings: Record<string, SettingValue>;
  promote_automatically: boolean;
  last_run: string | null;
  next_check: string | null;
  why_not: string;
  new_rois: number;
  hours_used: number;
}

export interface ModelVersion {
  id: string;
  study: string;
  number: number;
  name: string;
  stage: string;
  preset: string;
  variant: string;
  parameters: number;
  weights_sha256: string;
  files: { name: string; bytes: number; sha256: string }[];
  release: string | null;
  data: Record<string, unknown>;
  data_fingerprint: string;
  config: Record<string, unknown>;
  report: Record<string, unknown>;
  model_card: string;
  base: string | null;
  is_promoted: boolean;
  run: string | null;
  created_by: string | null;
  created_at: string;
}

export interface ComparedMetric {
  a: number | null;
  b: number | null;
  difference: number | null;
  interval: [number, number] | null;
  not_worse: boolean;
}

export interface ModelComparison {
  state: "missing" | "computing" | "ready" | "impossible";
  note: string;
  job: string | null;
  comparison: {
    n_rois: number;
    n_images: number;
    metrics: Record<string, ComparedMetric>;
    not_worse: boolean;
  } | null;
}

export interface Promotion {
  id: string;
  model: string | null;
  is_current: boolean;
  override_reason: string;
  automatic: boolean;
  created_by: string | null;
  created_at: string;
}

export interface Webhook {
  id: string;
  url: string;
  events: string[];
  created_at: string;
}

export type NewWebhook = Webhook & { secret: string };

export interface Delivery {
  id: string;
  event: string;
  state: string;
  attempts: number;
  status: number | null;
  error: string;
  created_at: string;
}

export type SuggestionJob = Job;

/** How far the promoted model's suggestions are. */
export interface SuggestionState {
  model: string | null;
  /** ROIs that may be shown one: train part, no golds. */
  rois: number;
  ready: number;
  leaked: number;
  missing: number;
  job: string | null;
}
