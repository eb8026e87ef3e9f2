import type { Loop } from "../geometry/outline";
import type { Size, View } from "../geometry/viewport";

/** One ROI's outline on the stage. Emphasis is told by the lines: a tint would change the image. */
export interface StageOutline {
  readonly id: string;
  readonly loops: readonly Loop[];
  /** `adds` and `removes` are what a click would take. */
  readonly emphasis: "normal" | "selected" | "adds" | "removes";
}

const DARK = "#000000";
const LIGHT = "#ffffff";
const SELECTED = "#ffd400";
const ADDS = "#4de1ff";
const REMOVES = "#ff7a5c";

/** Paths by their loops: a hover repaints all outlines and changes one. */
const paths = new WeakMap<readonly Loop[], Path2D>();

/** Draws the image at whole device pixels with hard pixel edges, colours as they are, on the neutral surround. */
export function paintImage(
  context: CanvasRenderingContext2D,
  bitmap: ImageBitmap | null,
  view: View,
  image: Size,
  viewport: Size,
): void {
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, viewport.width, viewport.height);
  if (bitmap === null) return;
  context.imageSmoothingEnabled = false;
  context.drawImage(bitmap, view.panX, view.panY, image.width * view.zoom, image.height * view.zoom);
}

/** The loops as a path in image pixels. */
export function pathOf(loops: readonly Loop[]): Path2D {
  const known = paths.get(loops);
  if (known !== undefined) return known;
  const path = new Path2D();
  paths.set(loops, path);
  for (const loop of loops) {
    for (let corner = 0; corner + 1 < loop.length; corner += 2) {
      const x = loop[corner] ?? 0;
      const y = loop[corner + 1] ?? 0;
      if (corner === 0) path.moveTo(x, y);
      else path.lineTo(x, y);
    }
    path.closePath();
  }
  return path;
}

function strokeBand(context: CanvasRenderingContext2D, path: Path2D, colour: string, widthPx: number): void {
  context.strokeStyle = colour;
  // Half of a line lies on the inner side and is cut away afterwards.
  context.lineWidth = 2 * widthPx;
  context.stroke(path);
}

/**
 * Draws an outline beside the mask and never on it: bands of a dark and a light line are stroked over the cracks around
 * the mask, then the mask itself is cut out of them. `scratch` must have the size of `target`.
 */
export function paintOutline(
  target: CanvasRenderingContext2D,
  scratch: CanvasRenderingContext2D,
  outline: { readonly path: Path2D; readonly emphasis: StageOutline["emphasis"] },
  view: View,
  viewport: Size,
): void {
  const path = new Path2D();
  path.addPath(outline.path, new DOMMatrix([view.zoom, 0, 0, view.zoom, view.panX, view.panY]));
  scratch.setTransform(1, 0, 0, 1, 0, 0);
  scratch.clearRect(0, 0, viewport.width, viewport.height);
  scratch.lineJoin = "miter";
  scratch.miterLimit = 4;
  if (outline.emphasis === "selected") {
    strokeBand(scratch, path, DARK, 4);
    strokeBand(scratch, path, SELECTED, 3);
  } else if (outline.emphasis === "adds" || outline.emphasis === "removes") {
    strokeBand(scratch, path, DARK, 4);
    // What would go is dashed as well: colour alone would not tell everybody.
    if (outline.emphasis === "removes") scratch.setLineDash([6, 4]);
    strokeBand(scratch, path, outline.emphasis === "adds" ? ADDS : REMOVES, 3);
    scratch.setLineDash([]);
  } else {
    strokeBand(scratch, path, LIGHT, 2);
  }
  strokeBand(scratch, path, DARK, 1);
  scratch.globalCompositeOperation = "destination-out";
  scratch.fill(path, "evenodd");
  scratch.globalCompositeOperation = "source-over";
  target.setTransform(1, 0, 0, 1, 0, 0);
  target.drawImage(scratch.canvas, 0, 0);
}
