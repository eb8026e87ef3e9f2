import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { screenPoint } from "../../src/geometry/points";
import {
  centreOn,
  clampView,
  MARGIN_PX,
  panBy,
  toImage,
  toScreen,
  ZOOM_STEPS,
  zoomAbout,
  zoomStep,
} from "../../src/geometry/viewport";

const zooms = fc.constantFrom(...ZOOM_STEPS);
const sizes = fc.record({ width: fc.integer({ min: 1, max: 5000 }), height: fc.integer({ min: 1, max: 5000 }) });
const pans = fc.integer({ min: -90_000, max: 90_000 });
const views = fc.record({ zoom: zooms, panX: pans, panY: pans });
const screenPoints = fc
  .tuple(fc.integer({ min: 0, max: 4000 }), fc.integer({ min: 0, max: 4000 }))
  .map(([x, y]) => screenPoint(x, y));

describe("viewport", () => {
  test("screen to image and back is where it was", () => {
    fc.assert(
      fc.property(views, screenPoints, (view, point) => {
        const back = toScreen(toImage(point, view), view);
        expect(back.x).toBeCloseTo(point.x, 6);
        expect(back.y).toBeCloseTo(point.y, 6);
      }),
    );
  });

  test("every view has whole numbers: no image pixel is resampled", () => {
    fc.assert(
      fc.property(views, zooms, screenPoints, sizes, sizes, (view, zoom, anchor, image, viewport) => {
        const next = zoomAbout(view, zoom, anchor, image, viewport);
        expect([next.zoom, next.panX, next.panY].every(Number.isInteger)).toBe(true);
      }),
    );
  });

  test("an image that fits is centred, a larger one leaves at most the margin empty", () => {
    fc.assert(
      fc.property(views, sizes, sizes, (view, image, viewport) => {
        const { panX, zoom } = clampView(view, image, viewport);
        const shown = image.width * zoom;
        if (viewport.width - shown >= 2 * MARGIN_PX) expect(panX).toBe(Math.floor((viewport.width - shown) / 2));
        else {
          expect(panX).toBeLessThanOrEqual(MARGIN_PX);
          expect(viewport.width - (panX + shown)).toBeLessThanOrEqual(MARGIN_PX);
        }
      }),
    );
  });

  test("clamping a clamped view changes nothing", () => {
    fc.assert(
      fc.property(views, sizes, sizes, (view, image, viewport) => {
        const once = clampView(view, image, viewport);
        expect(clampView(once, image, viewport)).toEqual(once);
      }),
    );
  });

  test("zooming keeps the image point under the pointer, to half an image pixel", () => {
    const [image, viewport] = [
      { width: 4000, height: 3000 },
      { width: 800, height: 600 },
    ];
    const before = centreOn({ x: 2000, y: 1500, width: 0, height: 0 }, 2, image, viewport);
    const pointer = screenPoint(130, 470);
    const after = zoomAbout(before, 6, pointer, image, viewport);
    expect(Math.abs(toImage(pointer, after).x - toImage(pointer, before).x)).toBeLessThanOrEqual(0.5);
    expect(Math.abs(toImage(pointer, after).y - toImage(pointer, before).y)).toBeLessThanOrEqual(0.5);
  });

  test("panning there and back is where it was, away from the edges", () => {
    const [image, viewport] = [
      { width: 4000, height: 3000 },
      { width: 800, height: 600 },
    ];
    const start = centreOn({ x: 2000, y: 1500, width: 0, height: 0 }, 1, image, viewport);
    expect(panBy(panBy(start, 37, -12, image, viewport), -37, 12, image, viewport)).toEqual(start);
  });

  test("zoom steps are whole, from 1 to 16, and stop at the ends", () => {
    expect(zoomStep(1, -1)).toBe(1);
    expect(zoomStep(1, 1)).toBe(2);
    expect(zoomStep(4, -1)).toBe(3);
    expect(zoomStep(16, 1)).toBe(16);
  });
});
