import type { AgreementReport, Screening } from "../../api/types";

export type ScaleFigures = AgreementReport["scales"][string];
export type Annotator = Screening["annotators"][number];
export type Flag = Annotator["flags"][number];

/** A number with the interval it comes with, under the name of what it is about. */
export interface Estimate {
  name: string;
  value: number | null;
  interval: readonly number[] | null;
  /** The interval had other people rated the same ROIs; undefined where a figure has none. */
  raters?: readonly number[] | null | undefined;
}

export interface Figure {
  key: string;
  title: string;
  /** What it answers, in words for someone who is no statistician. */
  asks: string;
  of: (figures: ScaleFigures) => Omit<Estimate, "name">;
}

export const FIGURES: readonly Figure[] = [
  {
    key: "icc_mean",
    title: "How far can a label be relied on?",
    asks:
      "ICC(2,k): the share of a label's variance that comes from the ROI and not from who happened to rate it. " +
      "A label is a mean of several votes, so this is the number for labels; 0.9 is usual.",
    of: ({ icc_mean: figure, raters }) => ({ ...figure, raters: raters?.icc_mean }),
  },
  {
    key: "icc_single",
    title: "How far can one vote be relied on?",
    asks: "ICC(2,1): the same for a single vote of a single person; 0.6 is usual for image quality.",
    of: ({ icc_single: figure, raters }) => ({ ...figure, raters: raters?.icc_single }),
  },
  {
    key: "alpha",
    title: "Do people agree better than chance?",
    asks:
      "Krippendorff's alpha for ordered answers: 1 is perfect, 0 is chance, below 0 is worse. 0.5 to 0.6 is usual. " +
      "It falls towards 0 for a rare distortion even if nearly everybody agrees: then read it with AC2.",
    of: ({ alpha, alpha_interval: interval, raters }) => ({ value: alpha, interval, raters: raters?.alpha }),
  },
  {
    key: "ac2",
    title: "… and where a distortion is rare?",
    asks: "Gwet's AC2: agreement beyond chance, with an idea of chance that does not collapse for rare distortions.",
    of: ({ ac2: figure, raters }) => ({ ...figure, raters: raters?.ac2 }),
  },
  {
    key: "split_half",
    title: "Would other raters rank the ROIs alike?",
    asks: "Split-half correlation: the votes of each ROI are split into two halves, stepped up to all votes.",
    of: ({ split_half: figure }) => figure,
  },
];

export const FLAGS: Readonly<Record<Flag, { word: string; means: string }>> = {
  low_agreement: { word: "low agreement", means: "Ranks the quality of the ROIs unlike the others do." },
  inconsistent: { word: "inconsistent", means: "The votes scatter far more than those of the panel." },
  golds_failed: { word: "golds failed", means: "Too many ROIs with a known answer were answered wrong." },
  line_clicker: { word: "one answer", means: "Gives one and the same quality or importance most of the time." },
  presence_rate: {
    word: "presence rate",
    means: "Sees a distortion far more or less often than the others on the same ROIs.",
  },
};

/** Rows of a chart: one figure of every scale. */
export function estimatesOf(report: AgreementReport, figure: Figure): Estimate[] {
  return Object.entries(report.scales).map(([name, figures]) => ({ name, ...figure.of(figures) }));
}

/** Two digits say all that such a number knows. */
export function digits(value: number | null): string {
  return value === null ? "undefined" : value.toFixed(2).replace("-", "−");
}

export function share(value: number | null): string {
  return value === null ? "–" : `${(100 * value).toFixed(value > 0 && value < 0.1 ? 1 : 0)}\u00a0%`;
}

export function intervalText(interval: readonly number[] | null): string {
  const [low, high] = interval ?? [];
  return low === undefined || high === undefined ? "–" : `${digits(low)} to ${digits(high)}`;
}

/** The lowest point of the axis: 0, or lower in steps of a quarter where something is worse than chance. */
export function axisLow(estimates: readonly Estimate[]): number {
  const lowest = Math.min(
    0,
    ...estimates.flatMap(({ value, interval, raters }) => [value ?? 0, ...(interval ?? []), ...(raters ?? [])]),
  );
  return Math.max(-1, Math.floor(lowest * 4) / 4);
}

/** The larger of the two one-answer ratios; JSON has no infinity, so null is "nothing but one answer". */
export function oneAnswer({ line_ratio: { quality, importance } }: Annotator): string {
  return quality === null || importance === null ? "only one" : digits(Math.max(quality, importance));
}

/** The distortion in which somebody differs most from the others, if any can be told. */
export function oddestPresence(annotator: Annotator): { name: string; own: number; others: number; z: number } | null {
  let oddest: { name: string; own: number; others: number; z: number } | null = null;
  for (const [name, { own, others, z }] of Object.entries(annotator.presence)) {
    if (own === null || others === null || z === null) continue;
    if (oddest === null || Math.abs(z) > Math.abs(oddest.z)) oddest = { name, own, others, z };
  }
  return oddest;
}
