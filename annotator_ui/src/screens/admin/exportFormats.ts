import type { ExportFormat } from "../../api/types";

/** What each export is for, in the order in which people want them. */
export const EXPORT_FORMATS: readonly {
  format: ExportFormat;
  title: string;
  means: string;
  /** Whether the images can come along, in one zip. */
  takesImages: boolean;
}[] = [
  {
    format: "seagull",
    title: "SEAGULL",
    means:
      "JSON with masks and all labels: mean, spread, intervals, corrected mean, level word and votes of every scale, and " +
      "what other votes would make. Also valid COCO, so pycocotools, CVAT and FiftyOne open it.",
    takesImages: true,
  },
  {
    format: "coco",
    title: "COCO",
    means: "Plain COCO JSON: images, masks and boxes, for tools that refuse fields they do not know.",
    takesImages: true,
  },
  {
    format: "instructions",
    title: "Instructions (JSON lines)",
    means:
      "Questions and answers about each ROI with its mask, as conversations for tuning a vision-language model: " +
      "“python -m ml.seagull.train” reads it.",
    takesImages: false,
  },
  {
    format: "ratings",
    title: "Ratings (CSV)",
    means:
      "One row per rating under pseudonyms with its mode and status, for statistics of your own. “manage.py consensus” " +
      "reads it.",
    takesImages: false,
  },
  {
    format: "parquet",
    title: "Parquet",
    means:
      "One row per ROI, its labels in flat columns and its ratings as a nested list, for pandas, Polars or DuckDB.",
    takesImages: false,
  },
];
