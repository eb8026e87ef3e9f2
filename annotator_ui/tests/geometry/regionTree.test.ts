import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSet } from "../../src/geometry/mask";
import { leafBoxes, regionRuns } from "../../src/geometry/regionMask";
import {
  checkRegionTree,
  InvalidRegionTree,
  layRegionTree,
  leafAt,
  nodeAtScale,
  regionsAround,
} from "../../src/geometry/regionTree";
import { decodeMask, encodeMask, runsToString, stringToRuns } from "../../src/geometry/rle";
import { bytesOf, holds, treeOf, trees } from "./trees";

// Four leaves side by side: 0 and 1 join at .2, 2 and 3 at .4, all at .8.
const FOUR = treeOf(
  8,
  [0, 0, 1, 1, 1, 2, 2, 3],
  [
    { a: 0, b: 1, scale: 0.25 },
    { a: 2, b: 3, scale: 0.5 },
    { a: 4, b: 5, scale: 0.75 },
  ],
);

describe("reading", () => {
  test("what was written is read", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const read = layRegionTree(bytesOf(tree));
        checkRegionTree(read);
        expect(read).toEqual(tree);
      }),
    );
  });

  test.each([
    ["a foreign file", (bytes: ArrayBuffer) => new Uint8Array(bytes).fill(0, 0, 4)],
    ["more nodes than a tree has", (bytes: ArrayBuffer) => new DataView(bytes).setUint32(16, 8, true)],
    ["fewer nodes than leaves", (bytes: ArrayBuffer) => new DataView(bytes).setUint32(16, 3, true)],
    ["no pixels", (bytes: ArrayBuffer) => new DataView(bytes).setUint32(4, 0, true)],
    ["another length", (bytes: ArrayBuffer) => new DataView(bytes).setUint32(8, 2, true)],
    ["a leaf that is not there", (bytes: ArrayBuffer) => new DataView(bytes).setUint16(20, 4, true)],
    ["a parent before its child", (bytes: ArrayBuffer) => new DataView(bytes).setUint32(36 + 16, 1, true)],
    ["a falling scale", (bytes: ArrayBuffer) => new DataView(bytes).setFloat32(36 + 28 + 16, 0.9, true)],
    [
      "a scale that is no number",
      (bytes: ArrayBuffer) => new DataView(bytes).setFloat32(36 + 28 + 24, Number.NaN, true),
    ],
    ["a wrong area", (bytes: ArrayBuffer) => new DataView(bytes).setUint32(36 + 56 + 16, 4, true)],
    ["a score over 1", (bytes: ArrayBuffer) => new DataView(bytes).setFloat32(36 + 84, 1.5, true)],
  ])("%s is refused", (_, damage) => {
    const bytes = bytesOf(FOUR);
    damage(bytes);
    expect(() => checkRegionTree(layRegionTree(bytes))).toThrow(InvalidRegionTree);
  });

  test("an empty file is refused", () => {
    expect(() => layRegionTree(new ArrayBuffer(0))).toThrow(InvalidRegionTree);
  });
});

describe("looking up", () => {
  test("a scale takes the largest region that was joined at it or below", () => {
    expect([0, 0.24, 0.25, 0.74, 0.75, 1].map((scale) => nodeAtScale(FOUR, 0, scale))).toEqual([0, 0, 4, 4, 6, 6]);
  });

  test("outside the image is no leaf", () => {
    expect([leafAt(FOUR, -1, 0), leafAt(FOUR, 8, 0), leafAt(FOUR, 0, 1), leafAt(FOUR, Number.NaN, 0)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
    expect(leafAt(FOUR, 4.9, 0.9)).toBe(1);
  });

  test("the regions around a leaf grow, and each is found again by its own scale", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        for (let leaf = 0; leaf < tree.leaves; leaf++) {
          const chain = regionsAround(tree, leaf);
          const areas = chain.map((node) => tree.area[node] ?? 0);
          expect(areas).toEqual([...new Set(areas)].sort((a, b) => a - b));
          for (const node of chain) expect(nodeAtScale(tree, leaf, tree.scale[node] ?? 0)).toBe(node);
        }
      }),
    );
  });
});

test("the runs of a set of nodes are its pixels exactly, in canonical form", () => {
  fc.assert(
    fc.property(trees, fc.array(fc.nat(), { maxLength: 4 }), (tree, picks) => {
      const nodes = picks.map((pick) => pick % tree.nodes);
      const runs = regionRuns(tree, nodes, leafBoxes(tree));
      const mask = decodeMask(runs);
      for (let x = 0; x < tree.width; x++) {
        for (let y = 0; y < tree.height; y++) {
          expect(isSet(mask, x, y)).toBe(nodes.some((node) => holds(tree, node, x, y)));
        }
      }
      expect(runs).toEqual(encodeMask(mask));
      expect(stringToRuns(runsToString(runs), [tree.height, tree.width])).toEqual(runs);
    }),
  );
});
