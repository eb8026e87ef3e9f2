import { expect, test } from "vitest";
import { imagePoint } from "../../src/geometry/points";
import type { Edit } from "../../src/model/edits";
import { handmadeEdits, provenanceOf, selectedEdits } from "../../src/model/provenance";
import { samClick } from "../sam/fakes";

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

test("a model's mask keeps the model, where it was decoded, its events and the size of the specks", () => {
  const [first, away] = [samClick(1, 2, { starts: true, candidate: 3 }), samClick(3, 4, { positive: false })];
  expect(provenanceOf([first, away, STROKE, TIDY], 9)).toEqual({
    tool: "sam",
    model: "tiny",
    version: "0123456789ab",
    home: "server",
    events: [
      { type: "point", x: 1, y: 2, positive: true, starts: true },
      { type: "candidate", index: 3 },
      { type: "point", x: 3, y: 4, positive: false },
    ],
    specks: 16,
    edited_px: 9,
  });
  expect(handmadeEdits([first, STROKE, TIDY])).toEqual([first, STROKE]);
});

test("a mask of both backends is named for the one that was used last", () => {
  expect(provenanceOf([samClick(1, 2, { starts: true }), CLICK], 0)).toMatchObject({
    tool: "region-tree",
    events: [POINT],
  });
  expect(provenanceOf([CLICK, samClick(1, 2, { starts: true })], 0)).toMatchObject({ tool: "sam" });
});
