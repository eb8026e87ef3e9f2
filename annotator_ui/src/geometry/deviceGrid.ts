/** Part of a line of CSS pixels that starts and ends on whole device pixels. */
export interface GridSpan {
  /** CSS pixels from the start of the line to the first whole device pixel. */
  readonly offset: number;
  /** Device pixels. */
  readonly count: number;
}

/** A thousandth of a pixel forgives what floating point and the browser's own rounding (1/64 px) add. */
const SLACK = 1e-3;
/** Nobody misses three CSS pixels of surround; densities that need more (110 %) use the device grid alone. */
const MAX_STEP = 4;

/** Smallest number of CSS pixels that is a whole number of device pixels, or `null` when that is over MAX_STEP. */
function commonStep(dpr: number): number | null {
  for (let step = 1; step <= MAX_STEP; step++) {
    if (Math.abs(step * dpr - Math.round(step * dpr)) < SLACK) return step;
  }
  return null;
}

/**
 * The largest part of a line from `start` over `length` CSS pixels whose ends are whole device pixels, and whole CSS
 * pixels as well where both grids meet: some browsers, and every emulated screen, snap layers to CSS pixels.
 */
export function gridSpan(start: number, length: number, dpr: number): GridSpan {
  const step = commonStep(dpr) ?? 1 / dpr;
  const first = Math.ceil(start / step - SLACK);
  const last = Math.floor((start + length) / step + SLACK);
  return { offset: first * step - start, count: Math.max(1, Math.round((last - first) * step * dpr)) };
}
