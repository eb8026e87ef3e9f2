import type { FormState } from "./form";
import { changedFields } from "./form";
import { FIELDS, type Field } from "./scales";

export type InputKind = "keyboard" | "mouse" | "touch";

/** How one answer came about. Times are milliseconds since the ROI was shown, over all visits to it. */
export interface FieldTrace {
  first_value: number;
  first_ms: number;
  last_ms: number;
  final_value: number;
  /** How often the answer was changed after it was first given. */
  changes: number;
}

/** Where the image stood. Sizes and pan in device pixels; `zoom` is device pixels per image pixel. */
export interface ViewSample {
  ms: number;
  zoom: number;
  pan_x: number;
  pan_y: number;
  width: number;
  height: number;
  dpr: number;
}

/** The screen of the visit, as far as a browser tells. */
export interface ScreenFacts {
  width_px: number;
  height_px: number;
  color_depth: number;
  gamut: "srgb" | "p3" | "rec2020";
  high_dynamic_range: boolean;
}

/** What is logged with a rating. Process only: it names neither the person nor the machine. */
export interface Telemetry {
  version: 1;
  shown_at: string;
  first_input_at: string | null;
  submitted_at: string | null;
  elapsed_ms: number;
  /** Time during which the page was visible and not paused. */
  visible_ms: number;
  outline_hidden_ms: number;
  blur_events: number;
  /** How often the ROI was opened again after a reload, a crash or an undo. */
  visits: number;
  inputs: Record<InputKind, number>;
  fields: Partial<Record<Field, FieldTrace>>;
  bulk_clean_ms: number | null;
  views: ViewSample[];
  views_dropped: number;
  screen: ScreenFacts | null;
}

/** `now` is monotonic milliseconds, `date` the wall clock. */
export interface Clock {
  now(): number;
  date(): Date;
}

/** 80 samples of at most 120 bytes stay far below the server's 16 KB. */
export const MAX_VIEWS = 80;
const KEPT_FIRST = 20;
/** A pan is one movement: what follows within this time replaces the sample before it. */
const SAME_MOVEMENT_MS = 250;

/** Accumulates while something holds. */
class Stopwatch {
  private total: number;
  private since: number | null = null;
  private readonly clock: Clock;

  constructor(clock: Clock, total: number) {
    this.clock = clock;
    this.total = total;
  }

  set(running: boolean): void {
    if (running === (this.since !== null)) return;
    if (this.since !== null) this.total += this.clock.now() - this.since;
    this.since = running ? this.clock.now() : null;
  }

  read(): number {
    return Math.round(this.total + (this.since === null ? 0 : this.clock.now() - this.since));
  }
}

/** Records how one ROI was rated. `earlier` is what former visits to the same ROI recorded. */
export class Recorder {
  private readonly clock: Clock;
  private readonly log: Telemetry;
  private readonly elapsed: Stopwatch;
  private readonly visible: Stopwatch;
  private readonly outlineHidden: Stopwatch;

  constructor(clock: Clock, screen: ScreenFacts | null, earlier: Telemetry | null, isVisible = true) {
    this.clock = clock;
    this.log = earlier
      ? { ...structuredClone(earlier), visits: earlier.visits + 1, screen: screen ?? earlier.screen }
      : {
          version: 1,
          shown_at: clock.date().toISOString(),
          first_input_at: null,
          submitted_at: null,
          elapsed_ms: 0,
          visible_ms: 0,
          outline_hidden_ms: 0,
          blur_events: 0,
          visits: 1,
          inputs: { keyboard: 0, mouse: 0, touch: 0 },
          fields: {},
          bulk_clean_ms: null,
          views: [],
          views_dropped: 0,
          screen,
        };
    this.elapsed = new Stopwatch(clock, this.log.elapsed_ms);
    this.visible = new Stopwatch(clock, this.log.visible_ms);
    this.outlineHidden = new Stopwatch(clock, this.log.outline_hidden_ms);
    this.elapsed.set(true);
    this.visible.set(isVisible);
  }

  answered(before: FormState, after: FormState, input: InputKind): void {
    this.touched(input);
    const ms = this.elapsed.read();
    for (const field of changedFields(before, after)) {
      const value = after.values[field];
      if (value === undefined) continue;
      const trace = this.log.fields[field];
      if (trace === undefined) {
        this.log.fields[field] = { first_value: value, first_ms: ms, last_ms: ms, final_value: value, changes: 0 };
      } else {
        Object.assign(trace, { final_value: value, last_ms: ms, changes: trace.changes + 1 });
      }
    }
    if (after.bulkClean && !before.bulkClean) this.log.bulk_clean_ms = ms;
  }

  touched(input: InputKind): void {
    this.log.inputs[input] += 1;
    this.log.first_input_at ??= this.clock.date().toISOString();
  }

  setVisible(visible: boolean): void {
    this.visible.set(visible);
    if (!visible) this.outlineHidden.set(false);
  }

  setOutlineHidden(hidden: boolean): void {
    this.outlineHidden.set(hidden);
  }

  blurred(): void {
    this.log.blur_events += 1;
  }

  viewed(view: Omit<ViewSample, "ms">): void {
    const sample: ViewSample = { ms: this.elapsed.read(), ...view };
    const { views } = this.log;
    const last = views.at(-1);
    // The first sample is how the ROI was first seen: it is never replaced.
    if (last !== undefined && views.length > 1 && sample.ms - last.ms < SAME_MOVEMENT_MS) views.pop();
    views.push(sample);
    if (views.length > MAX_VIEWS) {
      views.splice(KEPT_FIRST, 1);
      this.log.views_dropped += 1;
    }
  }

  /** The log so far. */
  snapshot(): Telemetry {
    return {
      ...structuredClone(this.log),
      elapsed_ms: this.elapsed.read(),
      visible_ms: this.visible.read(),
      outline_hidden_ms: this.outlineHidden.read(),
    };
  }

  /** The log as it is sent. Answers that came from an undone rating have a trace only if they were touched again. */
  finished(form: FormState): Telemetry {
    const log = this.snapshot();
    for (const field of FIELDS) {
      const value = form.values[field];
      const trace = log.fields[field];
      if (trace !== undefined && value !== undefined) trace.final_value = value;
    }
    return { ...log, submitted_at: this.clock.date().toISOString() };
  }
}
