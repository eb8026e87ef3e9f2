import { expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import { extendStroke, MAX_BRUSH, MIN_BRUSH, nextBrushSize } from "../../src/tools/brush";

test("every press of a size key changes the size, down to one pixel and up to the largest", () => {
  let size = MIN_BRUSH;
  for (let presses = 0; size < MAX_BRUSH; presses++) {
    const next = nextBrushSize(size, 1);
    expect(next).toBeGreaterThan(size);
    expect(presses).toBeLessThan(40);
    size = next;
  }
  while (size > MIN_BRUSH) {
    const next = nextBrushSize(size, -1);
    expect(next).toBeLessThan(size);
    size = next;
  }
  expect(nextBrushSize(MIN_BRUSH, -1)).toBe(MIN_BRUSH);
});

test("a stroke leaves out points that lie in the same place, so that a still hand does not fill the storage", () => {
  const stroke = [imagePoint(1, 1), imagePoint(1.2, 1.1), imagePoint(5, 1)].reduce(extendStroke, []);
  expect(stroke).toEqual([imagePoint(1, 1), imagePoint(5, 1)]);
});
