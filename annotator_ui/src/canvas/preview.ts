import type { ImagePoint } from "../geometry/points";
import { toScreen, type View } from "../geometry/viewport";

/** Strokes a path twice, dark under light, so that it shows on any image. */
function strokeTwice(context: CanvasRenderingContext2D, path: Path2D): void {
  context.lineJoin = "round";
  context.strokeStyle = "#000000";
  context.lineWidth = 3;
  context.stroke(path);
  context.strokeStyle = "#ffffff";
  context.lineWidth = 1;
  context.stroke(path);
}

/** The polygon that is being drawn: its lines, the line to the pointer, and a handle on each vertex. */
export function paintPolygonPreview(
  context: CanvasRenderingContext2D,
  view: View,
  points: readonly ImagePoint[],
  hover: ImagePoint | null,
): void {
  const corners = points.map((point) => toScreen(point, view));
  const path = new Path2D();
  corners.forEach(({ x, y }, index) => {
    if (index === 0) path.moveTo(x, y);
    else path.lineTo(x, y);
  });
  if (hover !== null && corners.length > 0) {
    const { x, y } = toScreen(hover, view);
    path.lineTo(x, y);
  }
  strokeTwice(context, path);
  corners.forEach(({ x, y }, index) => {
    // The first vertex is larger: clicking it closes the polygon.
    const half = index === 0 ? 5 : 3.5;
    context.fillStyle = "#000000";
    context.fillRect(x - half - 1, y - half - 1, 2 * half + 2, 2 * half + 2);
    context.fillStyle = index === 0 ? "#ffd400" : "#ffffff";
    context.fillRect(x - half, y - half, 2 * half, 2 * half);
  });
}

/** The edge of the brush around the pointer; `size` is its diameter in image pixels. */
export function paintBrushPreview(
  context: CanvasRenderingContext2D,
  view: View,
  point: ImagePoint,
  size: number,
  erases: boolean,
): void {
  const { x, y } = toScreen(point, view);
  const radius = Math.max(2, (size / 2) * view.zoom);
  const path = new Path2D();
  path.arc(x, y, radius, 0, 2 * Math.PI);
  if (erases) {
    path.moveTo(x - 4, y);
    path.lineTo(x + 4, y);
  }
  strokeTwice(context, path);
}

/** The box that is being drawn, between two opposite corners. */
export function paintBoxPreview(context: CanvasRenderingContext2D, view: View, from: ImagePoint, to: ImagePoint): void {
  const a = toScreen(from, view);
  const b = toScreen(to, view);
  const path = new Path2D();
  path.rect(Math.min(a.x, b.x), Math.min(a.y, b.y), Math.abs(a.x - b.x), Math.abs(a.y - b.y));
  strokeTwice(context, path);
}

/** The cross that the arrow keys move: four arms around a pixel, which stays free. */
export function paintCrosshair(context: CanvasRenderingContext2D, view: View, point: ImagePoint): void {
  const { x, y } = toScreen(point, view);
  const gap = Math.max(4, view.zoom);
  const path = new Path2D();
  for (const [dx, dy] of [
    [1, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const) {
    path.moveTo(x + gap * dx, y + gap * dy);
    path.lineTo(x + (gap + 14) * dx, y + (gap + 14) * dy);
  }
  strokeTwice(context, path);
}
