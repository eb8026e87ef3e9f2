import type { StreamEvent } from "../../api/eventStream";
import type { Point, RunSample, TrainingRun } from "./types";

/** The log is a tail: a run of days must not fill the page. */
export const LOG_LINES = 400;
const SAMPLES = 40;

/** What the live page knows of a run: its row, the curve, the tail of the log and the latest samples. */
export interface RunFeed {
  run: TrainingRun | null;
  /** By step, rising: a run that went on from a checkpoint takes its steps again, and the later word counts. */
  points: readonly Point[];
  log: readonly { id: number; line: string }[];
  samples: readonly RunSample[];
  lastEventId: string;
}

export const EMPTY_FEED: RunFeed = { run: null, points: [], log: [], samples: [], lastEventId: "" };

/** The feed after one event. What cannot be read is left out: a newer server may say more than this page knows. */
export function feedAfter(feed: RunFeed, event: StreamEvent): RunFeed {
  const next = { ...feed, lastEventId: event.id };
  if (event.event === "log") {
    const id = (feed.log.at(-1)?.id ?? 0) + 1;
    return { ...next, log: [...feed.log, { id, line: lineOf(event.data) }].slice(-LOG_LINES) };
  }
  const data = parsed(event.data);
  if (data === null) return next;
  if (event.event === "run") return { ...next, run: data as unknown as TrainingRun };
  if (event.event === "point") return { ...next, points: withPoint(feed.points, data as Point) };
  if (event.event === "sample") {
    return { ...next, samples: mergedSamples([data as unknown as RunSample], feed.samples) };
  }
  return next;
}

/** The points with those of the server's own curve, which reaches back before the stream. */
export function mergedPoints(known: readonly Point[], more: readonly Point[]): Point[] {
  const bySteps = new Map(known.map((point) => [point.step, point]));
  for (const point of more) bySteps.set(point.step, { ...bySteps.get(point.step), ...point });
  return [...bySteps.values()].sort((one, other) => one.step - other.step);
}

/** Samples newest first, each ROI once a step: the stream tells again what was read before it. */
export function mergedSamples(more: readonly RunSample[], known: readonly RunSample[]): RunSample[] {
  const keyOf = ({ step, roi }: RunSample) => `${step} ${roi}`;
  const byKey = new Map([...more, ...known].map((sample) => [keyOf(sample), sample]));
  return [...byKey.values()].sort((one, other) => other.step - one.step).slice(0, SAMPLES);
}

function withPoint(points: readonly Point[], point: Point): readonly Point[] {
  if (typeof point.step !== "number") return points;
  const last = points.at(-1);
  if (last === undefined || point.step > last.step) return [...points, point];
  return mergedPoints(points, [point]);
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** A log line comes as plain text or as a JSON string or as {line}. */
function lineOf(text: string): string {
  try {
    const value = JSON.parse(text) as unknown;
    if (typeof value === "string") return value;
    if (typeof value === "object" && value !== null && "line" in value) return String(value.line);
  } catch {
    // Plain text.
  }
  return text;
}
