import { copyMask, type Mask } from "./mask";

/** Pixels of one column, from `top` up to, not including, `bottom`. */
interface Strip {
  readonly x: number;
  readonly top: number;
  readonly bottom: number;
}

/** One connected part of a mask. */
export interface Part {
  readonly area: number;
  readonly strips: readonly Strip[];
}

function stripsOf(mask: Mask, value: 0 | 1): Strip[] {
  const { width, height, data } = mask;
  const strips: Strip[] = [];
  for (let x = 0; x < width; x++) {
    const column = data.subarray(x * height, (x + 1) * height);
    for (let top = column.indexOf(value); top >= 0; ) {
      const end = column.indexOf(1 - value, top);
      const bottom = end < 0 ? height : end;
      strips.push({ x, top, bottom });
      top = bottom < height ? column.indexOf(value, bottom) : -1;
    }
  }
  return strips;
}

/** Index of the set's representative; shortens the path on the way. */
function find(parent: Int32Array, index: number): number {
  let root = index;
  while (parent[root] !== root) root = parent[root] ?? root;
  for (let at = index; at !== root; ) {
    const next = parent[at] ?? root;
    parent[at] = root;
    at = next;
  }
  return root;
}

/**
 * Connected parts of the pixels that equal `value`, largest first. Neighbours share an edge, not only a corner.
 * Works on strips of columns, so that its cost follows the outline's length and not the area.
 */
export function connectedParts(mask: Mask, value: 0 | 1 = 1): Part[] {
  const strips = stripsOf(mask, value);
  const parent = Int32Array.from(strips, (_, index) => index);
  let left = 0;
  strips.forEach((strip, index) => {
    // `left` walks over the strips of the column before, in step with the strips of this column.
    for (let other = strips[left]; other && left < index; other = strips[left]) {
      const passed = other.x < strip.x - 1 || (other.x === strip.x - 1 && other.bottom <= strip.top);
      if (!passed) break;
      left += 1;
    }
    for (let at = left; at < index; at++) {
      const other = strips[at];
      if (!other || other.x === strip.x || other.top >= strip.bottom) break;
      parent[find(parent, at)] = find(parent, index);
    }
  });
  const groups = new Map<number, Strip[]>();
  strips.forEach((strip, index) => {
    const root = find(parent, index);
    const group = groups.get(root);
    if (group) group.push(strip);
    else groups.set(root, [strip]);
  });
  return [...groups.values()]
    .map((group) => ({ area: group.reduce((sum, { top, bottom }) => sum + bottom - top, 0), strips: group }))
    .sort((a, b) => b.area - a.area);
}

function touchesBorder(part: Part, mask: Mask): boolean {
  return part.strips.some(
    ({ x, top, bottom }) => x === 0 || x === mask.width - 1 || top === 0 || bottom === mask.height,
  );
}

function paint(mask: Mask, part: Part, value: 0 | 1): void {
  for (const { x, top, bottom } of part.strips) {
    mask.data.fill(value, x * mask.height + top, x * mask.height + bottom);
  }
}

/**
 * The mask without parts under `minArea` pixels (the largest always stays) and with holes under `minArea` pixels
 * filled. A gap that is open to the image's border is not a hole.
 */
export function removeSpecks(mask: Mask, minArea: number): Mask {
  const clean = copyMask(mask);
  for (const part of connectedParts(mask).slice(1)) {
    if (part.area < minArea) paint(clean, part, 0);
  }
  for (const hole of connectedParts(clean, 0)) {
    if (hole.area < minArea && !touchesBorder(hole, clean)) paint(clean, hole, 1);
  }
  return clean;
}
