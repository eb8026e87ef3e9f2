import type { Distortion } from "../../api/types";

/** Answers of the API that only these pages read. */

export interface Agreement {
  /** How many labelled ROIs were compared. */
  rois: number;
  /** By scale: the six distortions, quality, importance. */
  scales: Readonly<Record<string, { alpha: number | null; note?: string }>>;
}

interface Score {
  mean: number;
  level: number;
}

/** The label of one ROI, as the progress list gives it. */
export interface ROIConsensus {
  n: number;
  clean: boolean;
  contested_clean: boolean;
  tie: boolean;
  quality: Score;
  importance: Score;
  distortions: Readonly<Record<Distortion, { present: boolean; severity: number | null; level: number | null }>>;
}

/** An ROI as a comparison names it. */
export interface ComparedROI {
  roi: string;
  image: string;
  file_name: string;
  name: string;
}

/** What differs between two releases of one study. Words stand for levels; null where a release has no such label. */
export interface Comparison {
  counts: {
    added: number;
    removed: number;
    changed: number;
    unchanged: number;
    images_added: number;
    images_removed: number;
    /** How many ROIs changed their word, by scale. */
    scales: Readonly<Record<string, number>>;
  };
  added: readonly ComparedROI[];
  removed: readonly ComparedROI[];
  changed: readonly (ComparedROI & {
    changes: readonly { scale: string; before: string | null; after: string | null }[];
  })[];
}

/** What an export job reports when it is done. */
export interface ExportReport {
  url?: string;
  bytes?: number;
}
