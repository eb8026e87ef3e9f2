import { distance, type ImagePoint, imagePoint } from "../geometry/points";

/** Diameters of the brush in image pixels. */
export const MIN_BRUSH = 1;
export const MAX_BRUSH = 256;

/** The next size in the direction of `steps`: a quarter larger or smaller, and always another whole number. */
export function nextBrushSize(size: number, steps: 1 | -1): number {
  const next = steps > 0 ? Math.max(size + 1, Math.round(size * 1.25)) : Math.min(size - 1, Math.round(size / 1.25));
  return Math.min(MAX_BRUSH, Math.max(MIN_BRUSH, next));
}

/** Tenths of a pixel are finer than any pointer, and keep stored strokes short. */
function rounded({ x, y }: ImagePoint): ImagePoint {
  return imagePoint(Math.round(x * 10) / 10, Math.round(y * 10) / 10);
}

/** The stroke with one more point; a point that changes nothing visible is left out. */
export function extendStroke(points: readonly ImagePoint[], point: ImagePoint): readonly ImagePoint[] {
  const last = points.at(-1);
  const next = rounded(point);
  return last !== undefined && distance(last, next) < 0.5 ? points : [...points, next];
}
