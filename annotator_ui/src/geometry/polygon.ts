import type { Mask } from "./mask";
import type { ImagePoint } from "./points";

/** Vertices of one closed ring in image pixels; the first is not repeated at the end. */
export type Ring = readonly ImagePoint[];

/**
 * Heights at which the rings cross the vertical line through a column's pixel centres, sorted.
 * An edge is taken from its left end, so that the direction of a ring cannot change a rounding.
 */
function crossings(rings: readonly Ring[], centre: number): number[] {
  const heights: number[] = [];
  for (const ring of rings) {
    ring.forEach((a, index) => {
      const b = ring[(index + 1) % ring.length] ?? a;
      const [left, right] = a.x <= b.x ? [a, b] : [b, a];
      if (left.x <= centre && centre < right.x) {
        heights.push(left.y + ((centre - left.x) / (right.x - left.x)) * (right.y - left.y));
      }
    });
  }
  return heights.sort((first, second) => first - second);
}

/**
 * Sets every pixel inside the rings to `value` (1 adds, 0 erases).
 *
 * The rule: a pixel belongs to a polygon when its centre (x + 0.5, y + 0.5) does, by the even-odd rule over all rings,
 * so a ring inside a ring is a hole. A centre exactly on an edge belongs to the polygon on its left and top edges and
 * not on its right and bottom edges: polygons that share an edge neither overlap nor leave a gap.
 */
export function fillPolygon(mask: Mask, rings: readonly Ring[], value: 0 | 1): void {
  const xs = rings.flat().map((point) => point.x);
  if (xs.length === 0) return;
  const { width, height, data } = mask;
  const first = Math.max(0, Math.floor(xs.reduce((low, x) => Math.min(low, x))));
  const last = Math.min(width - 1, Math.ceil(xs.reduce((high, x) => Math.max(high, x))));
  for (let x = first; x <= last; x++) {
    const heights = crossings(rings, x + 0.5);
    for (let pair = 0; pair + 1 < heights.length; pair += 2) {
      const top = Math.max(0, Math.ceil((heights[pair] ?? 0) - 0.5));
      const bottom = Math.min(height, Math.ceil((heights[pair + 1] ?? 0) - 0.5));
      if (top < bottom) data.fill(value, x * height + top, x * height + bottom);
    }
  }
}
