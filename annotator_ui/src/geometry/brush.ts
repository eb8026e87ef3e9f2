import type { Mask } from "./mask";
import type { ImagePoint } from "./points";

/** Squared distance from the point (x, y) to the segment from a to b, in pixels squared. */
function squaredDistance(x: number, y: number, a: ImagePoint, b: ImagePoint): number {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const squaredLength = dx * dx + dy * dy;
  const along = squaredLength === 0 ? 0 : ((x - a.x) * dx + (y - a.y) * dy) / squaredLength;
  const t = Math.min(1, Math.max(0, along));
  return (x - a.x - t * dx) ** 2 + (y - a.y - t * dy) ** 2;
}

function stampSegment(mask: Mask, a: ImagePoint, b: ImagePoint, radius: number, value: 0 | 1): void {
  const { width, height, data } = mask;
  const left = Math.max(0, Math.floor(Math.min(a.x, b.x) - radius));
  const right = Math.min(width - 1, Math.floor(Math.max(a.x, b.x) + radius));
  const top = Math.max(0, Math.floor(Math.min(a.y, b.y) - radius));
  const bottom = Math.min(height - 1, Math.floor(Math.max(a.y, b.y) + radius));
  for (let x = left; x <= right; x++) {
    for (let y = top; y <= bottom; y++) {
      if (squaredDistance(x + 0.5, y + 0.5, a, b) <= radius * radius) data[x * height + y] = value;
    }
  }
}

/** The pixel under the pointer always takes part: a brush of one pixel must not miss between four centres. */
function stampPoint(mask: Mask, point: ImagePoint, value: 0 | 1): void {
  const x = Math.floor(point.x);
  const y = Math.floor(point.y);
  if (x >= 0 && y >= 0 && x < mask.width && y < mask.height) mask.data[x * mask.height + y] = value;
}

/**
 * Draws a round brush along the points: every pixel whose centre is within `radius` (image pixels) of the path is set
 * to `value` (1 adds, 0 erases), and so is every pixel that holds one of the points.
 */
export function stampStroke(mask: Mask, points: readonly ImagePoint[], radius: number, value: 0 | 1): void {
  points.forEach((point, index) => {
    stampPoint(mask, point, value);
    stampSegment(mask, points[index - 1] ?? point, point, radius, value);
  });
}
