import type { Runs } from "./rle";

/** Where a decoder's small logits lie in an image. Sizes are [height, width]. */
export interface LowResFrame {
  /** The logits are `side` x `side`. */
  readonly side: number;
  /** Side of the model's input, in its pixels. */
  readonly inputSize: number;
  /** What of the input the image fills; the rest is padding. */
  readonly resized: readonly [number, number];
  readonly imageSize: readonly [number, number];
}

/** One output place along an axis as a sum of three neighbouring places of the logits. */
interface Taps {
  readonly first: Int32Array;
  /** Three weights each, none negative, together 1. */
  readonly weights: Float64Array;
}

const TAPS = 3;

/** The two places that a bilinear resize (align_corners=False) mixes, and the share of the second. */
function mixed(at: number, from: number, to: number, last: number): [number, number, number] {
  const place = Math.max(0, ((at + 0.5) * from) / to - 0.5);
  const low = Math.min(last, Math.floor(place));
  return [low, Math.min(last, low + 1), low + 1 > last ? 0 : place - low];
}

/**
 * Both resizes of one axis in one step: logits to the model's input, padding cut, then to the image. The input is never
 * smaller than the logits, so that three neighbours are enough.
 */
function tapsOf(side: number, inputSize: number, resized: number, length: number): Taps {
  const first = new Int32Array(length);
  const weights = new Float64Array(TAPS * length);
  for (let at = 0; at < length; at++) {
    const [near, far, share] = mixed(at, resized, length, resized - 1);
    const a = mixed(near, side, inputSize, side - 1);
    const b = mixed(far, side, inputSize, side - 1);
    const start = Math.min(a[0], side - TAPS);
    first[at] = start;
    const add = (place: number, weight: number) => {
      weights[TAPS * at + place - start] = (weights[TAPS * at + place - start] ?? 0) + weight;
    };
    add(a[0], (1 - share) * (1 - a[2]));
    add(a[1], (1 - share) * a[2]);
    add(b[0], share * (1 - b[2]));
    add(b[1], share * b[2]);
  }
  return { first, weights };
}

/** Columns of the logits stretched to the image's height, with the rows between which each has anything above zero. */
interface Columns {
  readonly values: Float32Array;
  readonly top: Int32Array;
  readonly bottom: Int32Array;
}

/** Columns that have anything above zero, and the neighbours they are mixed with; of the others nothing is ever seen. */
function usedColumns(logits: Float32Array, side: number): Uint8Array {
  const used = new Uint8Array(side);
  for (let at = 0; at < logits.length; at++) {
    if ((logits[at] ?? 0) > 0) used.fill(1, Math.max(0, (at % side) - TAPS + 1), (at % side) + TAPS);
  }
  return used;
}

function stretchColumns(logits: Float32Array, side: number, height: number, { first, weights }: Taps): Columns {
  const values = new Float32Array(side * height);
  const top = new Int32Array(side).fill(height);
  const bottom = new Int32Array(side);
  const column = new Float32Array(side);
  const used = usedColumns(logits, side);
  for (let x = 0; x < side; x++) {
    if (used[x] !== 1) continue;
    for (let y = 0; y < side; y++) column[y] = logits[y * side + x] ?? 0;
    for (let y = 0, to = x * height; y < height; y++, to++) {
      const from = first[y] ?? 0;
      const value =
        (weights[TAPS * y] ?? 0) * (column[from] ?? 0) +
        (weights[TAPS * y + 1] ?? 0) * (column[from + 1] ?? 0) +
        (weights[TAPS * y + 2] ?? 0) * (column[from + 2] ?? 0);
      values[to] = value;
      if (value > 0) {
        if (top[x] === height) top[x] = y;
        bottom[x] = y + 1;
      }
    }
  }
  return { values, top, bottom };
}

/**
 * The mask of a decoder's logits (row by row, `side` x `side`) at the image's size: bilinear to the model's input, padding
 * cut away, bilinear to the image, above zero. The cost follows the mask's box, not the image.
 */
export function lowResRuns(logits: Float32Array, frame: LowResFrame): Runs {
  const { side, inputSize, resized, imageSize } = frame;
  const [height, width] = imageSize;
  if (side < TAPS || inputSize < side || logits.length !== side * side) {
    throw new Error(
      `Logits of ${logits.length} values are not ${side} x ${side}, or the input of ${inputSize} is smaller.`,
    );
  }
  const down = tapsOf(side, inputSize, resized[0], height);
  const across = tapsOf(side, inputSize, resized[1], width);
  const { values, top, bottom } = stretchColumns(logits, side, height, down);
  const lengths: number[] = [];
  let inside = false;
  let start = 0;
  const turn = (at: number) => {
    lengths.push(at - start);
    inside = !inside;
    start = at;
  };
  for (let x = 0; x < width; x++) {
    const c = across.first[x] ?? 0;
    const [w0, w1, w2] = [
      across.weights[TAPS * x] ?? 0,
      across.weights[TAPS * x + 1] ?? 0,
      across.weights[TAPS * x + 2] ?? 0,
    ];
    const from = Math.min(top[c] ?? height, top[c + 1] ?? height, top[c + 2] ?? height);
    const to = Math.max(bottom[c] ?? 0, bottom[c + 1] ?? 0, bottom[c + 2] ?? 0);
    const column = x * height;
    if (inside && from > 0) turn(column);
    for (let y = from, a = c * height + from; y < to; y++, a++) {
      const value = w0 * (values[a] ?? 0) + w1 * (values[a + height] ?? 0) + w2 * (values[a + 2 * height] ?? 0);
      if (value > 0 !== inside) turn(column + y);
    }
    if (inside && to < height) turn(column + Math.max(to, from));
  }
  lengths.push(width * height - start);
  return { width, height, lengths };
}

/** Number of logits above zero: which of several masks is the larger one, without making them. */
export function lowResArea(logits: Float32Array): number {
  let area = 0;
  for (let at = 0; at < logits.length; at++) if ((logits[at] ?? 0) > 0) area++;
  return area;
}
