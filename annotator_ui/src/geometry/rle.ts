import { type Box, EMPTY_BOX, emptyMask, type Mask } from "./mask";

/**
 * COCO run lengths of a mask: pixels in column-major order, runs of 0 and 1 in turn, the first run of 0 (its length is
 * 0 when the first pixel is set). Canonical: no other run is empty and the lengths sum to width * height.
 */
export interface Runs {
  readonly width: number;
  readonly height: number;
  readonly lengths: readonly number[];
}

/** A string that is not a mask of the size it claims. */
export class InvalidRLE extends Error {
  override readonly name = "InvalidRLE";
}

export function encodeMask(mask: Mask): Runs {
  const { data } = mask;
  const lengths: number[] = [];
  let value = 0;
  let start = 0;
  while (start < data.length) {
    const next = data.indexOf(1 - value, start);
    const end = next < 0 ? data.length : next;
    lengths.push(end - start);
    value = 1 - value;
    start = end;
  }
  return { width: mask.width, height: mask.height, lengths };
}

export function decodeMask(runs: Runs): Mask {
  const mask = emptyMask(runs.width, runs.height);
  paintRuns(mask, runs, 1);
  return mask;
}

/** Sets the pixels of the runs to `value` (1 adds, 0 erases). Throws InvalidRLE when the sizes differ. */
export function paintRuns(mask: Mask, runs: Runs, value: 0 | 1): void {
  if (runs.width !== mask.width || runs.height !== mask.height) {
    throw new InvalidRLE(
      `A mask of ${runs.width} x ${runs.height} cannot be painted into one of ${mask.width} x ${mask.height}.`,
    );
  }
  let start = 0;
  runs.lengths.forEach((length, index) => {
    if (index % 2 === 1) mask.data.fill(value, start, start + length);
    start += length;
  });
}

/** The part of a mask inside a box, as a mask of the box's size: what is far away costs nothing. */
export function decodeBox(runs: Runs, box: Box): Mask {
  const data = new Uint8Array(box.width * box.height);
  const { height } = runs;
  let start = 0;
  runs.lengths.forEach((length, index) => {
    const end = start + length;
    if (index % 2 === 1) {
      const firstColumn = Math.max(box.x, Math.floor(start / height));
      const lastColumn = Math.min(box.x + box.width - 1, Math.floor((end - 1) / height));
      for (let x = firstColumn; x <= lastColumn; x++) {
        const top = Math.max(start - x * height, box.y);
        const bottom = Math.min(end - x * height, box.y + box.height);
        const column = (x - box.x) * box.height - box.y;
        if (top < bottom) data.fill(1, column + top, column + bottom);
      }
    }
    start = end;
  });
  return { width: box.width, height: box.height, data };
}

/**
 * The compressed string of pycocotools: from the fourth run on the difference to the run of the same value before it,
 * each number as base-32 digits, least significant first, bit 5 for "more follow", offset by 48 into ASCII.
 */
export function runsToString(runs: Runs): string {
  const codes: string[] = [];
  runs.lengths.forEach((length, index) => {
    let rest = index > 2 ? length - (runs.lengths[index - 2] ?? 0) : length;
    let more = true;
    while (more) {
      let digit = rest & 0x1f;
      rest >>= 5;
      more = digit & 0x10 ? rest !== -1 : rest !== 0;
      if (more) digit |= 0x20;
      codes.push(String.fromCharCode(digit + 48));
    }
  });
  return codes.join("");
}

/**
 * Reads a compressed string; `size` is [height, width].
 * Throws InvalidRLE when a character is foreign, a number is cut off, a run negative, or the runs miss the size.
 */
export function stringToRuns(counts: string, size: readonly [height: number, width: number]): Runs {
  const [height, width] = size;
  const lengths: number[] = [];
  let total = 0;
  let at = 0;
  while (at < counts.length) {
    let value = 0;
    let shift = 0;
    let more = true;
    while (more) {
      const digit = counts.charCodeAt(at) - 48;
      // Seven digits hold 35 bits: more can only be a damaged string, as a mask has under 2^31 pixels.
      if (!(digit >= 0 && digit < 64) || shift > 30) throw new InvalidRLE(`Character ${at} of the mask is damaged.`);
      value |= (digit & 0x1f) << shift;
      more = (digit & 0x20) !== 0;
      at += 1;
      shift += 5;
      if (!more && digit & 0x10 && shift < 32) value |= -1 << shift;
    }
    if (lengths.length > 2) value += lengths[lengths.length - 2] ?? 0;
    if (value < 0) throw new InvalidRLE(`Run ${lengths.length} of the mask is negative (${value}).`);
    lengths.push(value);
    total += value;
  }
  if (total !== width * height) {
    throw new InvalidRLE(`The mask has ${total} pixels, an image of ${width} x ${height} has ${width * height}.`);
  }
  return { width, height, lengths };
}

/** Number of pixels in the mask. */
export function runsArea(runs: Runs): number {
  let area = 0;
  for (let index = 1; index < runs.lengths.length; index += 2) area += runs.lengths[index] ?? 0;
  return area;
}

/** Smallest box that holds the mask. */
export function runsBox(runs: Runs): Box {
  const { height, lengths } = runs;
  let left = runs.width;
  let right = -1;
  let top = height;
  let bottom = -1;
  let start = 0;
  lengths.forEach((length, index) => {
    const end = start + length - 1;
    if (index % 2 === 1 && length > 0) {
      const firstColumn = Math.floor(start / height);
      const lastColumn = Math.floor(end / height);
      // A run over a column's end touches the bottom of one column and the top of the next.
      const wraps = lastColumn > firstColumn;
      left = Math.min(left, firstColumn);
      right = Math.max(right, lastColumn);
      top = Math.min(top, wraps ? 0 : start % height);
      bottom = Math.max(bottom, wraps ? height - 1 : end % height);
    }
    start = end + 1;
  });
  return right < 0 ? EMPTY_BOX : { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
}

type Rule = (inA: boolean, inB: boolean) => boolean;

/** Combines two masks of one size run by run, without making pixels of them. */
function merge(a: Runs, b: Runs, rule: Rule): Runs {
  if (a.width !== b.width || a.height !== b.height) {
    throw new InvalidRLE(`Masks of ${a.width} x ${a.height} and ${b.width} x ${b.height} cannot be combined.`);
  }
  const lengths: number[] = [];
  let value = false;
  let length = 0;
  let indexA = 0;
  let indexB = 0;
  let leftA = a.lengths[0] ?? 0;
  let leftB = b.lengths[0] ?? 0;
  for (let left = a.width * a.height; left > 0; ) {
    while (leftA === 0) leftA = a.lengths[++indexA] ?? 0;
    while (leftB === 0) leftB = b.lengths[++indexB] ?? 0;
    const step = Math.min(leftA, leftB);
    const next = rule(indexA % 2 === 1, indexB % 2 === 1);
    if (next !== value) {
      lengths.push(length);
      length = 0;
      value = next;
    }
    length += step;
    leftA -= step;
    leftB -= step;
    left -= step;
  }
  lengths.push(length);
  return { width: a.width, height: a.height, lengths };
}

export function union(a: Runs, b: Runs): Runs {
  return merge(a, b, (inA, inB) => inA || inB);
}

/** Number of pixels that are in one of the masks only. */
export function differenceArea(a: Runs, b: Runs): number {
  return runsArea(merge(a, b, (inA, inB) => inA !== inB));
}

/** What is in `a` and not in `b`. */
export function subtract(a: Runs, b: Runs): Runs {
  return merge(a, b, (inA, inB) => inA && !inB);
}
