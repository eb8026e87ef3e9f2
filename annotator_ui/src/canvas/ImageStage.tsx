import "../styles/stage.css";
import {
  type ReactNode,
  type Ref,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { Box } from "../geometry/mask";
import { type ImagePoint, screenPoint } from "../geometry/points";
import {
  centreOn,
  clampView,
  MARGIN_PX,
  panBy,
  type Size,
  toScreen,
  type View,
  zoomAbout,
  zoomStep,
} from "../geometry/viewport";
import { loadBitmap } from "./bitmaps";
import { paintImage, paintOutline, pathOf, type StageOutline } from "./paint";
import { type DeviceSize, useDeviceSize } from "./useDeviceSize";
import { type StagePointer, type StageTool, useStagePointer } from "./useStagePointer";

/** Where the image is seen, for the log of a rating. Lengths are device pixels. */
export interface ViewportReport {
  zoom: number;
  pan_x: number;
  pan_y: number;
  viewport_width_px: number;
  viewport_height_px: number;
  dpr: number;
}

/** What a page can ask of its stage. */
export interface StageHandle {
  /** Zooms by so many steps about the middle of the viewport. */
  zoomBy: (steps: number) => void;
  zoomTo: (zoom: number) => void;
  /** Moves the image by device pixels. */
  panBy: (dx: number, dy: number) => void;
  /** Brings the middle of a box of image pixels to the middle of the viewport. */
  centreOn: (box: Box) => void;
  /** Moves the image just so far that a point of it (image pixels) can be seen. */
  reveal: (point: ImagePoint) => void;
  focus: () => void;
}

export interface ImageStageProps {
  image: { url: string; width: number; height: number };
  /** Name of the image for a screen reader. */
  label: string;
  outlines: readonly StageOutline[];
  /** True while the key that hides the outlines is held. */
  outlineHidden?: boolean;
  /** Box of image pixels to bring to the middle when the image opens or the box changes. */
  focusBox?: Box | null;
  /** Takes the pointer instead of panning; panning is then on Space, the middle button and two fingers. */
  tool?: StageTool | null;
  /** A click on the image, in image pixels, when no tool takes the pointer. */
  onClick?: (pointer: StagePointer) => void;
  /** Draws a tool's preview above the outlines, in device pixels. */
  paintPreview?: ((context: CanvasRenderingContext2D, view: View) => void) | null;
  onViewport?: (report: ViewportReport) => void;
  onLoaded?: () => void;
  ref?: Ref<StageHandle>;
  /** Shown over the image, for instance a message. */
  children?: ReactNode;
}

/** Gives a canvas one pixel per device pixel, on the device's grid. */
function sized(canvas: HTMLCanvasElement | null, size: DeviceSize): CanvasRenderingContext2D | null {
  if (canvas === null) return null;
  if (canvas.width !== size.width) canvas.width = size.width;
  if (canvas.height !== size.height) canvas.height = size.height;
  canvas.style.left = `${size.offsetX}px`;
  canvas.style.top = `${size.offsetY}px`;
  canvas.style.width = `${size.width / size.dpr}px`;
  canvas.style.height = `${size.height / size.dpr}px`;
  return canvas.getContext("2d");
}

/** Device pixels that bring a place on an axis inside the viewport, clear of its edge. */
function inward(place: number, length: number): number {
  const margin = Math.min(2 * MARGIN_PX, length / 2);
  return Math.round(Math.min(length - margin, Math.max(margin, place)) - place);
}

interface Loaded {
  url: string;
  bitmap?: ImageBitmap;
  error?: string;
}

/** Loads the image of the page and says when it is there. */
function useBitmap(url: string, onLoaded: (() => void) | undefined): { loaded: Loaded | null; retry: () => void } {
  const [loaded, setLoaded] = useState<Loaded | null>(null);
  const [attempt, setAttempt] = useState(0);
  const notify = useRef(onLoaded);
  useEffect(() => {
    notify.current = onLoaded;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt loads the same URL again.
  useEffect(() => {
    let current = true;
    loadBitmap(url).then(
      (bitmap) => {
        if (!current) return;
        setLoaded({ url, bitmap });
        notify.current?.();
      },
      (reason: unknown) => {
        if (current) setLoaded({ url, error: reason instanceof Error ? reason.message : String(reason) });
      },
    );
    return () => {
      current = false;
    };
  }, [url, attempt]);
  return { loaded: loaded?.url === url ? loaded : null, retry: () => setAttempt((count) => count + 1) };
}

/**
 * Shows an image one image pixel to one device pixel, or whole multiples of it, and never smaller; ROIs are outlined
 * beside their edge. Pans when the image is larger than the viewport. The surround is neutral grey.
 */
export function ImageStage({
  image,
  label,
  outlines,
  outlineHidden = false,
  focusBox = null,
  tool = null,
  onClick,
  paintPreview = null,
  onViewport,
  onLoaded,
  ref,
  children,
}: ImageStageProps) {
  const frame = useRef<HTMLDivElement>(null);
  const imageCanvas = useRef<HTMLCanvasElement>(null);
  const lineCanvas = useRef<HTMLCanvasElement>(null);
  const scratch = useRef<HTMLCanvasElement | null>(null);
  const viewport = useDeviceSize(frame);
  const { loaded, retry } = useBitmap(image.url, onLoaded);
  const [wished, setWished] = useState<{ key: string; view: View } | null>(null);
  const { width, height } = image;
  const bitmap = loaded?.bitmap ?? null;

  // A new image or focus starts over at its middle and keeps the zoom; a resize only clamps.
  const key = `${image.url} ${focusBox ? [focusBox.x, focusBox.y, focusBox.width, focusBox.height].join() : ""}`;
  const view = useMemo((): View | null => {
    if (viewport === null) return null;
    if (wished?.key === key) return clampView(wished.view, { width, height }, viewport);
    return centreOn(focusBox ?? { x: 0, y: 0, width, height }, wished?.view.zoom ?? 1, { width, height }, viewport);
  }, [wished, key, focusBox, width, height, viewport]);

  const paths = useMemo(() => outlines.map(({ loops, emphasis }) => ({ path: pathOf(loops), emphasis })), [outlines]);

  useLayoutEffect(() => {
    if (viewport === null || view === null) return;
    const context = sized(imageCanvas.current, viewport);
    if (context) paintImage(context, bitmap, view, { width, height }, viewport);
  }, [bitmap, view, viewport, width, height]);

  useLayoutEffect(() => {
    if (viewport === null || view === null) return;
    const context = sized(lineCanvas.current, viewport);
    scratch.current ??= document.createElement("canvas");
    const side = sized(scratch.current, viewport);
    if (context === null || side === null) return;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, viewport.width, viewport.height);
    if (!outlineHidden && bitmap !== null) {
      for (const outline of paths) paintOutline(context, side, outline, view, viewport);
    }
    paintPreview?.(context, view);
  }, [paths, outlineHidden, bitmap, view, viewport, paintPreview]);

  const report = useRef(onViewport);
  useEffect(() => {
    report.current = onViewport;
  });
  useEffect(() => {
    if (viewport === null || view === null) return;
    report.current?.({
      zoom: view.zoom,
      pan_x: view.panX,
      pan_y: view.panY,
      viewport_width_px: viewport.width,
      viewport_height_px: viewport.height,
      dpr: viewport.dpr,
    });
  }, [view, viewport]);

  function move(next: (view: View, viewport: Size) => View) {
    if (viewport === null) return;
    setWished((current) => {
      const from = current?.key === key ? clampView(current.view, image, viewport) : view;
      return from === null ? current : { key, view: next(from, viewport) };
    });
  }

  const zoomFrom = (from: View, zoom: number, area: Size, x = area.width / 2, y = area.height / 2) =>
    zoomAbout(from, zoom, screenPoint(x, y), image, area);

  useImperativeHandle(ref, () => ({
    zoomBy: (steps) => move((from, area) => zoomFrom(from, zoomStep(from.zoom, steps), area)),
    zoomTo: (zoom) => move((from, area) => zoomFrom(from, zoom, area)),
    panBy: (dx, dy) => move((from, area) => panBy(from, dx, dy, image, area)),
    centreOn: (box) => move((from, area) => centreOn(box, from.zoom, image, area)),
    reveal: (point) =>
      move((from, area) => {
        const { x, y } = toScreen(point, from);
        return panBy(from, inward(x, area.width), inward(y, area.height), image, area);
      }),
    focus: () => frame.current?.focus(),
  }));

  const cursor = useStagePointer({
    frame,
    surface: lineCanvas,
    view,
    tool,
    onClick,
    onPan: (dx, dy) => move((from, area) => panBy(from, dx, dy, image, area)),
    onZoom: (steps, at) => move((from, area) => zoomFrom(from, zoomStep(from.zoom, steps), area, at.x, at.y)),
  });

  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the stage takes the focus so that keys reach the image.
    <div ref={frame} className={`stage stage-${cursor}`} role="application" aria-label={label} tabIndex={0}>
      <canvas ref={imageCanvas} className="stage-layer" data-testid="stage-image" />
      <canvas ref={lineCanvas} className="stage-layer" data-testid="stage-lines" />
      {bitmap === null ? (
        <div className="stage-message" role={loaded?.error ? "alert" : "status"}>
          {loaded?.error ? (
            <>
              <p>{loaded.error}</p>
              <button type="button" className="button" onClick={retry}>
                Load the image again
              </button>
            </>
          ) : (
            <p>Loading the image …</p>
          )}
        </div>
      ) : null}
      {children}
    </div>
  );
}
