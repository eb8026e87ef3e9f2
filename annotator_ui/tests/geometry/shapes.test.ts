import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stampStroke } from "../../src/geometry/brush";
import { connectedParts, removeSpecks } from "../../src/geometry/components";
import { emptyMask, isSet, type Mask } from "../../src/geometry/mask";
import { imagePoint } from "../../src/geometry/points";
import { fillPolygon } from "../../src/geometry/polygon";
import { countPixels, drawn, masks, picture, points } from "./arbitraries";

const rings = fc.array(points, { minLength: 3, maxLength: 8 });

function filled(...shape: (readonly (readonly [number, number])[])[]) {
  const mask = emptyMask(8, 6);
  const ringsOfShape = shape.map((ring) => ring.map(([x, y]) => imagePoint(x, y)));
  fillPolygon(mask, ringsOfShape, 1);
  return drawn(mask);
}

function floodFill(mask: Mask): number[][] {
  const left = new Set([...mask.data.keys()].filter((pixel) => mask.data[pixel] === 1));
  const parts: number[][] = [];
  for (const start of left) {
    const part: number[] = [];
    const waiting = [start];
    for (let pixel = waiting.pop(); pixel !== undefined; pixel = waiting.pop()) {
      if (!left.delete(pixel)) continue;
      part.push(pixel);
      const row = pixel % mask.height;
      waiting.push(pixel - mask.height, pixel + mask.height);
      if (row > 0) waiting.push(pixel - 1);
      if (row < mask.height - 1) waiting.push(pixel + 1);
    }
    parts.push(part);
  }
  return parts;
}

describe("polygons", () => {
  test("a rectangle on pixel borders covers exactly its pixels", () => {
    const rectangle = [[1, 1], [4, 1], [4, 3], [1, 3]] as const; // biome-ignore format: one ring a line
    expect(filled(rectangle)).toEqual(["........", ".###....", ".###....", "........", "........", "........"]);
  });

  test("a ring inside a ring is a hole", () => {
    const outer = [[0, 0], [6, 0], [6, 6], [0, 6]] as const; // biome-ignore format: one ring a line
    const inner = [[2, 2], [4, 2], [4, 4], [2, 4]] as const; // biome-ignore format: one ring a line
    expect(filled(outer, inner)).toEqual(["######..", "######..", "##..##..", "##..##..", "######..", "######.."]);
  });

  test("a shape over the image's edge is cut there", () => {
    const over = [[-3, -3], [2, -3], [2, 99], [-3, 99]] as const; // biome-ignore format: one ring a line
    expect(filled(over)).toEqual(Array(6).fill("##......"));
  });

  test("neither the direction nor the first vertex of a ring matters", () => {
    fc.assert(
      fc.property(rings, fc.nat(8), (ring, turn) => {
        const fill = (vertices: typeof ring) => {
          const mask = emptyMask(24, 24);
          fillPolygon(mask, [vertices], 1);
          return drawn(mask);
        };
        const at = turn % ring.length;
        expect(fill([...ring].reverse())).toEqual(fill(ring));
        expect(fill([...ring.slice(at), ...ring.slice(0, at)])).toEqual(fill(ring));
      }),
    );
  });

  test("two triangles that share an edge cover each pixel of their quadrilateral once", () => {
    fc.assert(
      fc.property(points, points, points, points, (a, b, c, d) => {
        const area = (ring: (typeof a)[]) => {
          const mask = emptyMask(24, 24);
          fillPolygon(mask, [ring], 1);
          return mask;
        };
        const [left, right, whole] = [area([a, b, c]), area([a, c, d]), area([a, b, c, d])];
        // By the even-odd rule the quadrilateral is the difference of the two where they overlap.
        expect(whole.data).toEqual(left.data.map((bit, index) => bit ^ (right.data[index] ?? 0)));
      }),
    );
  });

  test("erasing what was added leaves nothing", () => {
    fc.assert(
      fc.property(rings, (ring) => {
        const mask = emptyMask(24, 24);
        fillPolygon(mask, [ring], 1);
        fillPolygon(mask, [ring], 0);
        expect(countPixels(mask)).toBe(0);
      }),
    );
  });
});

describe("brush", () => {
  test("a radius of 1.5 at a pixel centre is a disc without corners", () => {
    const mask = emptyMask(5, 5);
    stampStroke(mask, [imagePoint(2.5, 2.5)], 1.5, 1);
    expect(drawn(mask)).toEqual([".....", ".###.", ".###.", ".###.", "....."]);
  });

  test("a quick stroke leaves no gaps between its points", () => {
    fc.assert(
      fc.property(points, points, (a, b) => {
        const mask = emptyMask(24, 24);
        stampStroke(mask, [a, b], 1, 1);
        for (let t = 0; t <= 1; t += 0.05) {
          const [x, y] = [Math.floor(a.x + t * (b.x - a.x)), Math.floor(a.y + t * (b.y - a.y))];
          if (x >= 0 && y >= 0 && x < 24 && y < 24) expect(isSet(mask, x, y)).toBe(true);
        }
      }),
    );
  });

  test("the smallest brush sets the pixel under the pointer wherever in it the pointer is", () => {
    fc.assert(
      fc.property(points, (point) => {
        const mask = emptyMask(24, 24);
        stampStroke(mask, [point], 0.5, 1);
        const inside = point.x >= 0 && point.y >= 0 && point.x < 24 && point.y < 24;
        expect(isSet(mask, Math.floor(point.x), Math.floor(point.y))).toBe(inside);
      }),
    );
  });
});

describe("connected parts", () => {
  test("pixels that share only a corner are two parts", () => {
    expect(connectedParts(picture(["#.", ".#"])).map((part) => part.area)).toEqual([1, 1]);
  });

  test("a ring is one part, however it winds", () => {
    expect(connectedParts(picture(["####.", "#..#.", "#.##.", "#...#", "#####"])).map((part) => part.area)).toEqual([
      16,
    ]);
  });

  test("the parts are those of a plain flood fill", () => {
    fc.assert(
      fc.property(masks, (mask) => {
        const found = connectedParts(mask).map(({ strips }) =>
          strips.flatMap(({ x, top, bottom }) =>
            Array.from({ length: bottom - top }, (_, row) => x * mask.height + top + row),
          ),
        );
        const sorted = (parts: number[][]) =>
          parts.map((part) => part.sort((a, b) => a - b)).sort((a, b) => (a[0] ?? 0) - (b[0] ?? 0));
        expect(sorted(found)).toEqual(sorted(floodFill(mask)));
      }),
    );
  });

  test("specks go, small holes close, large ones and bays stay", () => {
    const before = ["########...", "#.####.##..", "#######.#.#", "#..###..#..", "#..########", "########..."];
    const after = ["########...", "#########..", "#######.#..", "#..###..#..", "#..########", "########..."];
    expect(drawn(removeSpecks(picture(before), 3))).toEqual(after);
  });
});
