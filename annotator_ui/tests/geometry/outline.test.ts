import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyMask, isSet } from "../../src/geometry/mask";
import { type Loop, traceOutline, traceRuns } from "../../src/geometry/outline";
import { imagePoint } from "../../src/geometry/points";
import { fillPolygon } from "../../src/geometry/polygon";
import { encodeMask } from "../../src/geometry/rle";
import { countPixels, drawn, masks, picture } from "./arbitraries";

function corners(loop: Loop): [number, number][] {
  return Array.from({ length: loop.length / 2 }, (_, index) => [loop[2 * index] ?? 0, loop[2 * index + 1] ?? 0]);
}

/** Twice the area a loop runs around; positive when it runs clockwise on the screen. */
function turning(loop: Loop): number {
  const all = corners(loop);
  return all.reduce((sum, [x, y], index) => {
    const [nextX, nextY] = all[(index + 1) % all.length] ?? [x, y];
    return sum + x * nextY - nextX * y;
  }, 0);
}

describe("outline", () => {
  test("filling the loops gives the mask back, holes and all", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const again = emptyMask(mask.width, mask.height);
        const rings = traceOutline(mask).map((loop) => corners(loop).map(([x, y]) => imagePoint(x, y)));
        fillPolygon(again, rings, 1);
        expect(drawn(again)).toEqual(drawn(mask));
      }),
    );
  });

  test("every step has a pixel of the mask on its right and none on its left", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        for (const loop of traceOutline(mask)) {
          const all = corners(loop);
          all.forEach(([x, y], index) => {
            const [toX, toY] = all[(index + 1) % all.length] ?? [x, y];
            const [dx, dy] = [Math.sign(toX - x), Math.sign(toY - y)];
            expect(Math.abs(dx) + Math.abs(dy)).toBe(1);
            for (let [atX, atY] = [x, y]; atX !== toX || atY !== toY; atX += dx, atY += dy) {
              const centre = [atX + dx / 2, atY + dy / 2] as const;
              const side = (sign: number) =>
                isSet(mask, Math.floor(centre[0] - (sign * dy) / 2), Math.floor(centre[1] + (sign * dx) / 2));
              expect([side(1), side(-1)]).toEqual([true, false]);
            }
          });
        }
      }),
    );
  });

  test("the loops run around as much area as the mask has", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        expect(traceOutline(mask).reduce((sum, loop) => sum + turning(loop), 0)).toBe(2 * countPixels(mask));
      }),
    );
  });

  test("a hole runs the other way round", () => {
    const loops = traceOutline(picture(["###", "#.#", "###"]));
    expect(loops.map((loop) => Math.sign(turning(loop)))).toEqual([1, -1]);
  });

  test("a mask on the image's border is closed along the border", () => {
    expect(traceOutline(picture(["##", "##"])).map(corners)).toEqual([
      [
        [2, 0],
        [2, 2],
        [0, 2],
        [0, 0],
      ],
    ]);
  });

  test("tracing the runs, in the mask's box only, gives the same loops", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        expect(traceRuns(encodeMask(mask))).toEqual(traceOutline(mask));
      }),
    );
  });

  test("an empty mask has no outline", () => {
    expect(traceOutline(emptyMask(5, 5))).toEqual([]);
  });
});
