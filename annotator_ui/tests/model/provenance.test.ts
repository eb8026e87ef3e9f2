import { expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import type { Edit } from "../../src/model/edits";
import { provenanceOf, selectedEdits } from "../../src/model/provenance";

const STROKE: Edit = { kind: "stroke", operation: "add", points: [imagePoint(1, 1)], radius: 2 };
const TIDY: Edit = { kind: "tidy", minArea: 16 };
const POINT = { type: "point", x: 3, y: 4, positive: true, scale: 0.5 } as const;
const BOX = { type: "box", x: 1, y: 2, width: 3, height: 4, positive: false } as const;
const CLICK: Edit = { kind: "region", operation: "add", prompt: POINT, counts: "1" };
const CUT: Edit = { kind: "region", operation: "subtract", prompt: BOX, counts: "1" };

test("work by hand is counted by its steps", () => {
  const expected = { method: "manual", polygons: 0, strokes: 2, tidied: true };
  expect(provenanceOf([STROKE, STROKE, TIDY], 0)).toEqual(expected);
  expect(selectedEdits([STROKE, TIDY])).toBeNull();
});

test("smart selection keeps its prompts in order, and how many pixels were changed by hand", () => {
  const expected = { tool: "region-tree", version: "region-tree-1", events: [POINT, BOX], edited_px: 7 };
  expect(provenanceOf([CLICK, STROKE, CUT, STROKE], 7)).toEqual(expected);
});

test("what is by hand begins after the last prompt", () => {
  expect(selectedEdits([CLICK, STROKE, CUT, STROKE, TIDY])).toEqual([CLICK, STROKE, CUT]);
});
