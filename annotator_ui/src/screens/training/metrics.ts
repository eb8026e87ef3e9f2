import { digits, type Estimate, intervalText } from "../admin/figures";
import type { ComparedMetric, ModelComparison, ModelVersion } from "./types";

/** A number of `ml.seagull.evaluation.report`: its interval is over whole images. */
interface Reported {
  estimate: number | null;
  low: number | null;
  high: number | null;
}

/** What of a report is shown; the schema leaves reports open, as they are the trainer's own. */
interface Report {
  rois?: number;
  images?: number;
  scores?: Record<string, { srocc?: Reported; plcc?: Reported }>;
  answers?: Record<string, { types?: { f1?: Reported } }>;
}

export interface Metric extends Estimate {
  key: string;
}

const KINDS: readonly { key: string; name: string; of: (report: Report) => Reported | undefined }[] = [
  { key: "quality_srocc", name: "quality SRCC", of: ({ scores }) => scores?.quality?.srocc },
  { key: "quality_plcc", name: "quality PLCC", of: ({ scores }) => scores?.quality?.plcc },
  { key: "importance_srocc", name: "importance SRCC", of: ({ scores }) => scores?.importance?.srocc },
  { key: "importance_plcc", name: "importance PLCC", of: ({ scores }) => scores?.importance?.plcc },
  {
    key: "types_f1",
    name: "distortion F1",
    // In words where it was asked for, else by Yes/No judgments.
    of: ({ answers }) => answers?.told?.types?.f1 ?? answers?.judged?.types?.f1,
  },
];

/** The main numbers of a model on the test part, those that its report has. */
export function metricsOf({ report }: Pick<ModelVersion, "report">): Metric[] {
  return KINDS.flatMap(({ key, name, of }) => {
    const found = of(report as Report);
    if (typeof found?.estimate !== "number") return [];
    const { low, high } = found;
    return [{ key, name, value: found.estimate, interval: low === null || high === null ? null : [low, high] }];
  });
}

/** "0.61 (0.55 to 0.66)"; a dash where nothing was measured. */
export function metricText(metric: Metric | undefined): string {
  if (metric === undefined) return "–";
  return metric.interval === null ? digits(metric.value) : `${digits(metric.value)} (${intervalText(metric.interval)})`;
}

export function testPart({ report }: Pick<ModelVersion, "report">): { rois: number; images: number } | null {
  const { rois, images } = report as Report;
  return typeof rois === "number" && typeof images === "number" ? { rois, images } : null;
}

const METRIC_NAMES: Readonly<Record<string, string>> = Object.fromEntries(KINDS.map(({ key, name }) => [key, name]));

export function metricName(key: string): string {
  return METRIC_NAMES[key] ?? key.replaceAll("_", " ").replace("srocc", "SRCC").replace("plcc", "PLCC");
}

/** What a difference and its interval say in words. */
export function verdictOf({ interval, not_worse: notWorse }: ComparedMetric): {
  word: string;
  tone: "ok" | "warn" | "danger";
} {
  const [low, high] = interval;
  if (low > 0) return { word: "better", tone: "ok" };
  if (high < 0) return { word: "worse", tone: "danger" };
  return notWorse ? { word: "not worse", tone: "ok" } : { word: "may be worse", tone: "warn" };
}

/** What two models came to, once it is computed. */
export type Compared = NonNullable<ModelComparison["comparison"]>;

/** The whole comparison in a sentence that can be acted on. */
export function sentenceOf(
  comparison: Pick<Compared, "metrics" | "not_worse">,
  names: { a: string; b: string },
): string {
  const verdicts = Object.entries(comparison.metrics).map(([key, metric]) => ({ key, ...verdictOf(metric), metric }));
  const bad = verdicts.filter(({ metric }) => !metric.not_worse).map(({ key }) => metricName(key));
  const better = verdicts.filter(({ word }) => word === "better").map(({ key }) => metricName(key));
  if (comparison.not_worse) {
    return better.length > 0
      ? `${names.a} is not worse than ${names.b} in anything measured, and better in ${listed(better)}.`
      : `${names.a} is not worse than ${names.b} in anything measured; that it is better cannot be told.`;
  }
  return `${names.a} is not shown to be as good as ${names.b}: it is or may be worse in ${listed(bad)}.`;
}

export function listed(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? "") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}
