/** The shapes of the HTTP API (v1). Ids are UUID strings except a study's slug; times are ISO 8601 in UTC. */

export type Role = "annotator" | "admin" | "ml_engineer";
export type StudyState = "open" | "paused" | "closed";
export type Split = "train" | "test";
export type ROILevel = "object" | "component";
export type Ruleset = "anchor-v1" | "literal-v1";

/** One page of a list; `next` and `previous` are URLs of neighbouring pages. */
export interface Page<Row> {
  next: string | null;
  previous: string | null;
  results: Row[];
}

export interface MyMembership {
  study: string;
  study_title: string;
  role: Role;
}

export interface Me {
  id: string;
  username: string;
  display_name: string;
  can_create_studies: boolean;
  memberships: MyMembership[];
  sign_up_open: boolean;
}

/** A token as it is shown exactly once, when it is made. */
export interface NewApiToken {
  id: string;
  name: string;
  token: string;
  created_at: string;
  expires_at: string | null;
}

export interface ApiToken {
  id: string;
  name: string;
  prefix: string;
  created_at: string;
  last_used_at: string | null;
  expires_at: string | null;
}

export interface InviteInfo {
  study: string;
  study_title: string;
  role: Role;
  expires_at: string;
}

export interface Invite {
  id: string;
  role: Role;
  /** Contains the token; only in the answer to the request that made the invite. */
  url?: string;
  expires_at: string;
  max_uses: number;
  uses: number;
}

export interface Study {
  slug: string;
  title: string;
  description: string;
  guide_text: string;
  state: StudyState;
  simulated: boolean;
  raters_per_roi: number;
  ruleset: Ruleset;
  lease_minutes: number;
  ask_extra_on_tie: boolean;
  annotators_draw?: boolean;
  my_roles: Role[];
  created_at: string;
  counts: { images: number; rois: number };
}

export interface Member {
  id: string;
  username: string;
  pseudonym: string;
  role: Role;
  simulated: boolean;
  joined_at: string;
  excluded_at: string | null;
  exclusion_reason: string;
}

export interface ImageRow {
  id: string;
  file_name: string;
  width: number;
  height: number;
  split: Split;
  sha256: string;
  /** For admins and ML engineers; null for annotators. */
  roi_count: number | null;
  thumbnail_url: string;
  file_url: string;
}

export type JobState = "queued" | "running" | "succeeded" | "failed" | "cancelled";

export interface Job<Report = Record<string, unknown>> {
  id: string;
  kind: string;
  state: JobState;
  done: number;
  total: number | null;
  message: string;
  report: Report | null;
  created_at: string;
  finished_at: string | null;
  cancellable: boolean;
}

export interface ImportReport {
  images_added: number;
  images_known: number;
  rois_added: number;
  rois_known: number;
  /** How many in all; `refused` lists the first 2,000. */
  refused_count: number;
  refused: { file: string; reason: string; code: string }[];
}

/** COCO run-length encoding in its compressed string form; size is [height, width]. */
export interface Segmentation {
  size: [height: number, width: number];
  counts: string;
}

export interface ROI {
  id: string;
  image: string;
  study: string;
  level: ROILevel;
  name: string;
  segmentation: Segmentation;
  bbox: [x: number, y: number, width: number, height: number];
  area: number;
  created_at: string;
  created_by_me: boolean;
  editable: boolean;
}

export const DISTORTIONS = ["exposure", "noise", "blur", "contrast", "colorfulness", "compression"] as const;
export type Distortion = (typeof DISTORTIONS)[number];

export interface Answers {
  /** Severity 0 (extreme) .. 5 (nonexistent). */
  distortions: Record<Distortion, number>;
  /** 0 (bad) .. 4 (excellent). */
  quality: number;
  /** 0 (unimportant) .. 4 (essential). */
  importance: number;
}

export interface Assignment {
  id: string;
  study: string;
  roi: Pick<ROI, "id" | "segmentation" | "bbox" | "level" | "name">;
  image: Pick<ImageRow, "id" | "width" | "height" | "file_url">;
  state: "active" | "expired" | "submitted" | "skipped";
  lease_expires_at: string;
  draft: Record<string, unknown> | null;
  draft_revision: number;
  previous_rating: Answers | null;
  position: number;
}

export interface RatingSubmission extends Answers {
  bulk_clean?: boolean;
  telemetry?: Record<string, unknown>;
}

export interface Rating extends Answers {
  id: string;
  assignment: string;
  revision: number;
  created_at: string;
}

export type SkipReason = "too_small" | "mask_wrong" | "image_broken" | "other";

/** Only about the person who asks. */
export interface MyProgress {
  rated: number;
  skipped: number;
  rated_today: number;
  can_undo: string | null;
}

export interface StudyProgress {
  rois: { total: number; complete: number; in_progress: number; untouched: number };
  ratings: { accepted: number; wanted: number; missing: number; surplus: number; revised: number };
  skips: { reason: SkipReason; count: number }[];
  per_hour: { hour: string; count: number }[];
  annotators: {
    member: string;
    pseudonym: string;
    username: string;
    simulated: boolean;
    rated: number;
    skipped: number;
    last_active: string | null;
    median_seconds: number | null;
    excluded_at: string | null;
    exclusion_reason: string;
  }[];
  /** Missing ratings at the recent pace, in hours in which anybody rates. */
  rating_hours_left: number | null;
}

export interface ROIProgressRow {
  roi: string;
  image: string;
  file_name: string;
  level: ROILevel;
  name: string;
  n_accepted: number;
  raters_wanted: number;
  active: number;
  skipped: number;
  split: Split;
  consensus: Record<string, unknown> | null;
}

export type ExportFormat = "seagull" | "coco" | "ratings" | "parquet";

export interface Release {
  id: string;
  study: string;
  number: number;
  state: "freezing" | "ready" | "failed";
  hash: string;
  ruleset: Ruleset;
  note: string;
  /** Under which terms the labels may be used; may be empty. */
  licence: string;
  /** Null until it is ready. */
  counts: { images: number; rois: number; ratings: number; incomplete_rois: number; annotators: number } | null;
  /** Why it could not be made; empty unless it failed. */
  failure: string;
  created_at: string;
  created_by: string;
  job: string | null;
}
