import type { Point } from "./types";

/** One line of a chart: its name and the steps at which it has a value. */
export interface Curve {
  name: string;
  points: readonly { step: number; value: number }[];
}

export interface CurveGroup {
  key: string;
  title: string;
  /** What it shows, in words for someone who has not trained a network. */
  asks: string;
  curves: readonly Curve[];
  noisy: boolean;
}

const GROUPS: readonly { key: string; title: string; asks: string; noisy?: true; takes: (name: string) => boolean }[] =
  [
    {
      key: "loss",
      title: "Loss",
      asks: "How far the network's answers are from the labels it learns from. It should fall, fast at first.",
      noisy: true,
      takes: (name) => /loss/.test(name),
    },
    {
      key: "metrics",
      title: "Metrics on images held out",
      asks: "SRCC and PLCC: how well the model ranks ROIs as people do; F1: how well it names distortions. 1 is perfect.",
      takes: (name) => /(srocc|srcc|plcc|f1|accuracy)$/.test(name),
    },
    {
      key: "rate",
      title: "Learning rate",
      asks: "How large the steps are: a short rise, then a slow fall.",
      takes: (name) => name === "learning_rate",
    },
  ];

/** Names as people in the field write them. */
const NAMES: Readonly<Record<string, string>> = {
  loss: "loss",
  aux_loss: "auxiliary heads",
  quality_srocc: "quality SRCC",
  quality_plcc: "quality PLCC",
  importance_srocc: "importance SRCC",
  importance_plcc: "importance PLCC",
  type_f1: "distortion F1",
  learning_rate: "learning rate",
};

export function curveName(key: string): string {
  return NAMES[key] ?? key.replaceAll("_", " ").replace("srocc", "SRCC").replace("plcc", "PLCC");
}

function rank(key: string): number {
  const place = Object.keys(NAMES).indexOf(key);
  return place < 0 ? Number.MAX_SAFE_INTEGER : place;
}

/** The curves that a run's points hold, in charts of one unit each; charts without a value are left out. */
export function curveGroups(points: readonly Point[]): CurveGroup[] {
  const keys = new Set(points.flatMap((point) => Object.keys(point)));
  return GROUPS.map(({ key, title, asks, noisy = false, takes }) => ({
    key,
    title,
    asks,
    noisy,
    curves: [...keys]
      .filter((name) => name !== "step" && takes(name))
      // Always in the same order, so that a curve keeps its colour and dashes.
      .sort((one, other) => rank(one) - rank(other) || one.localeCompare(other))
      .map((name) => ({ name: curveName(name), points: valuesOf(points, name) }))
      .filter((curve) => curve.points.length > 0),
  })).filter(({ curves }) => curves.length > 0);
}

function valuesOf(points: readonly Point[], name: string): Curve["points"] {
  return points.flatMap((point) => {
    const value = point[name];
    return typeof value === "number" && Number.isFinite(value) ? [{ step: point.step, value }] : [];
  });
}

/** About `wanted` round numbers that cover low..high: steps of 1, 2 or 5 times a power of ten. */
export function niceTicks(low: number, high: number, wanted = 5): number[] {
  if (!(high > low)) return [low];
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10);
  const first = Math.floor(low / step + 1e-9);
  const last = Math.ceil(high / step - 1e-9);
  return Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** `count` of the rows, evenly spread, the first and the last among them. */
export function thinned<Row>(rows: readonly Row[], count: number): Row[] {
  if (rows.length <= count) return [...rows];
  return Array.from(
    { length: count },
    (_, index) => rows[Math.round((index * (rows.length - 1)) / (count - 1))] as Row,
  );
}

/** The mean of each value with those before it, weighted less the older: what a noisy loss comes to. */
export function smoothed(curve: Curve, weight = 0.9): Curve {
  let sum = 0;
  let weights = 0;
  return {
    name: curve.name,
    points: curve.points.map(({ step, value }) => {
      sum = weight * sum + value;
      weights = weight * weights + 1;
      return { step, value: sum / weights };
    }),
  };
}

/** Four significant digits, and a power of ten only where nothing else is readable. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 0.001 || size >= 1e6))
    return value.toExponential(1).replace(".0e", "e").replaceAll("-", "−").replace("+", "");
  return String(Number(value.toPrecision(3))).replace("-", "−");
}

/** "Loss: 2.1 at step 1, 0.43 at step 900; lowest 0.41." for those who do not see the chart. */
export function summaryOf(title: string, curves: readonly Curve[]): string {
  const parts = curves.map(({ name, points }) => {
    const [first, last] = [points[0], points.at(-1)];
    if (first === undefined || last === undefined) return `${name}: no value yet`;
    if (first === last) return `${name}: ${short(first.value)} at step ${first.step}`;
    return `${name}: from ${short(first.value)} at step ${first.step} to ${short(last.value)} at step ${last.step}`;
  });
  return `${title}. ${parts.join("; ")}.`;
}
