import type { Box } from "./mask";
import { type ImagePoint, imagePoint, type ScreenPoint, screenPoint } from "./points";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * Where an image lies in its viewport. One image pixel is `zoom` x `zoom` device pixels, `zoom` a whole number, and
 * (`panX`, `panY`) is the image's top left corner in whole device pixels: no image pixel is ever resampled.
 */
export interface View {
  readonly zoom: number;
  readonly panX: number;
  readonly panY: number;
}

/** The steps of the zoom. Never under 1: a shrunken image shows less noise and blur than it has. */
export const ZOOM_STEPS = [1, 2, 3, 4, 6, 8, 12, 16] as const;

/** Device pixels of surround that may show beside the image's edge, so that an outline there can be seen. */
export const MARGIN_PX = 24;

export function toImage(point: ScreenPoint, view: View): ImagePoint {
  return imagePoint((point.x - view.panX) / view.zoom, (point.y - view.panY) / view.zoom);
}

export function toScreen(point: ImagePoint, view: View): ScreenPoint {
  return screenPoint(point.x * view.zoom + view.panX, point.y * view.zoom + view.panY);
}

function clampAxis(pan: number, imageSize: number, viewportSize: number): number {
  const free = viewportSize - imageSize;
  if (free >= 2 * MARGIN_PX) return Math.floor(free / 2);
  return Math.round(Math.min(MARGIN_PX, Math.max(free - MARGIN_PX, pan)));
}

/** The nearest allowed view: centred along an axis where the image fits, otherwise never away from the viewport. */
export function clampView(view: View, image: Size, viewport: Size): View {
  return {
    zoom: view.zoom,
    panX: clampAxis(view.panX, image.width * view.zoom, viewport.width),
    panY: clampAxis(view.panY, image.height * view.zoom, viewport.height),
  };
}

export function panBy(view: View, dx: number, dy: number, image: Size, viewport: Size): View {
  return clampView({ ...view, panX: view.panX + dx, panY: view.panY + dy }, image, viewport);
}

/** The next zoom step in the direction of `steps` (negative: smaller). */
export function zoomStep(zoom: number, steps: number): number {
  const at = ZOOM_STEPS.findIndex((step) => step >= zoom);
  const next = Math.min(ZOOM_STEPS.length - 1, Math.max(0, (at < 0 ? ZOOM_STEPS.length - 1 : at) + steps));
  return ZOOM_STEPS[next] ?? 1;
}

/** Changes the zoom and keeps the image point under `anchor` where it is, as far as the edges allow. */
export function zoomAbout(view: View, zoom: number, anchor: ScreenPoint, image: Size, viewport: Size): View {
  const fixed = toImage(anchor, view);
  const moved = { zoom, panX: Math.round(anchor.x - fixed.x * zoom), panY: Math.round(anchor.y - fixed.y * zoom) };
  return clampView(moved, image, viewport);
}

/** The view that brings the middle of a box to the middle of the viewport. */
export function centreOn(box: Box, zoom: number, image: Size, viewport: Size): View {
  const view = {
    zoom,
    panX: Math.round(viewport.width / 2 - (box.x + box.width / 2) * zoom),
    panY: Math.round(viewport.height / 2 - (box.y + box.height / 2) * zoom),
  };
  return clampView(view, image, viewport);
}
