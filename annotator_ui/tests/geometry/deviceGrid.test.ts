import fc from "fast-check";
import { expect, test } from "vitest";
import { gridSpan } from "../../src/geometry/deviceGrid";

const densities = fc.constantFrom(1, 1.1, 1.25, 1.5, 1.75, 2, 2.625, 3);
const lengths = fc.integer({ min: 640, max: 200_000 }).map((parts) => parts / 64);
const starts = fc.integer({ min: 0, max: 20_000 }).map((parts) => parts / 64);

function isWhole(value: number): boolean {
  return Math.abs(value - Math.round(value)) < 0.01;
}

test("the span begins and ends on whole device pixels, inside the line, and leaves out less than 4 px at each end", () => {
  fc.assert(
    fc.property(starts, lengths, densities, (start, length, dpr) => {
      const { offset, count } = gridSpan(start, length, dpr);
      expect(isWhole((start + offset) * dpr)).toBe(true);
      expect(Number.isInteger(count)).toBe(true);
      expect(offset).toBeGreaterThanOrEqual(-0.01);
      expect(offset).toBeLessThan(4);
      expect(offset + count / dpr).toBeLessThanOrEqual(length + 0.01);
      expect(length - offset - count / dpr).toBeLessThan(4);
    }),
  );
});

test("where the grids meet the span begins on a whole CSS pixel too", () => {
  for (const dpr of [1, 1.25, 1.5, 1.75, 2, 3]) {
    expect(isWhole(92.5 + gridSpan(92.5, 710.5, dpr).offset)).toBe(true);
  }
});
