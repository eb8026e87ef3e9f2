import fc from "fast-check";
import { expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import { nodeAtScale } from "../../src/geometry/regionTree";
import type { Edit } from "../../src/model/edits";
import { nextOffset } from "../../src/screens/regions/smartBackend";
import { boxBetween, clicksOf, isBox, pixelOf, pointPrompt, targetAt } from "../../src/tools/smart";
import { holds, trees } from "../geometry/trees";

const IMAGE = { width: 10, height: 6 };

test("a pixel is named by whole numbers, and only inside the image", () => {
  expect(pixelOf(imagePoint(9.9, 5.2), IMAGE)).toEqual({ x: 9, y: 5 });
  expect(pixelOf(imagePoint(10, 5), IMAGE)).toBeNull();
  expect(pixelOf(imagePoint(-0.1, 5), IMAGE)).toBeNull();
});

test("a box is what went far enough on the screen, and stays in the image", () => {
  expect(isBox(imagePoint(1, 1), imagePoint(4, 1), 1)).toBe(false);
  expect(isBox(imagePoint(1, 1), imagePoint(4, 1), 2)).toBe(true);
  expect(boxBetween(imagePoint(12, 3.5), imagePoint(7.2, -1), IMAGE)).toEqual({ x: 7, y: 0, width: 3, height: 4 });
  expect(boxBetween(imagePoint(-5, 1), imagePoint(-1, 3), IMAGE)).toBeNull();
});

test("the wheel stops at the ends, and one notch back is felt at once", () => {
  fc.assert(
    fc.property(trees, fc.nat(), fc.integer({ min: -30, max: 30 }), (tree, at, offset) => {
      const pixel = { x: at % tree.width, y: at % tree.height };
      const target = targetAt(tree, pixel, false, [], offset);
      if (target === null) throw new Error("the pixel is in the image");
      const last = target.choice.nodes.length - 1;
      const choice = { step: target.step, count: last + 1, own: target.choice.own };
      const up = targetAt(tree, pixel, false, [], nextOffset(choice, 1));
      const down = targetAt(tree, pixel, false, [], nextOffset(choice, -1));
      expect(up?.step).toBe(Math.min(last, target.step + 1));
      expect(down?.step).toBe(Math.max(0, target.step - 1));
    }),
  );
});

test("the prompt that is kept finds the region again", () => {
  fc.assert(
    fc.property(trees, fc.nat(), fc.integer({ min: -3, max: 3 }), (tree, at, offset) => {
      const pixel = { x: at % tree.width, y: at % tree.height };
      const target = targetAt(tree, pixel, false, [], offset);
      const prompt = pointPrompt(tree, pixel, target?.node ?? 0, true);
      const leaf = tree.labels[pixel.y * tree.width + pixel.x] ?? 0;
      expect(prompt.type === "point" && nodeAtScale(tree, leaf, prompt.scale)).toBe(target?.node);
    }),
  );
});

test("a click that takes away spares the clicks that added", () => {
  const prompt = { type: "point", x: 0, y: 0, positive: true, scale: 0 } as const;
  const edits: Edit[] = [{ kind: "region", operation: "add", prompt, counts: "" }];
  expect(clicksOf(edits, true)).toEqual([prompt]);
  expect(clicksOf(edits, false)).toEqual([]);
  fc.assert(
    fc.property(trees, fc.nat(), (tree, at) => {
      const pixel = { x: at % tree.width, y: at % tree.height };
      const node = targetAt(tree, pixel, true, edits, 0)?.node ?? 0;
      expect(holds(tree, node, pixel.x, pixel.y)).toBe(true);
      if (node >= tree.leaves) expect(holds(tree, node, 0, 0)).toBe(false);
    }),
  );
});
