import { expect, test } from "vitest";
import { emptyMask } from "../../src/geometry/mask";
import { decodeMask, encodeMask, runsToString } from "../../src/geometry/rle";
import { applyEdits, type Edit, lastingEdits } from "../../src/model/edits";
import {
  candidateAt,
  currentPart,
  isAmbiguous,
  keyOfSteps,
  nextBox,
  nextPoint,
  promptOf,
} from "../../src/model/samPrompt";
import { samClick } from "../sam/fakes";

const STROKE: Edit = { kind: "stroke", operation: "add", points: [], radius: 2 };
const AT = { x: 5, y: 6 };

test("the first click begins a part, and the others say what belongs to it", () => {
  const first = nextPoint([], AT, false);
  expect(first).toMatchObject({ operation: "add", starts: true });
  expect(promptOf(first.steps)).toEqual({ points: [{ ...AT, positive: true }], box: null });
  const edits = [samClick(1, 1, { starts: true })];
  const away = nextPoint(edits, AT, true);
  expect(away).toMatchObject({ operation: "add", starts: false });
  expect(promptOf(away.steps).points.map(({ positive }) => positive)).toEqual([true, false]);
});

test("taking away without a part takes away what is under the pointer, and refining it turns the signs round", () => {
  const first = nextPoint([STROKE], AT, true);
  expect(first).toMatchObject({ operation: "subtract", starts: true });
  expect(promptOf(first.steps).points).toEqual([{ ...AT, positive: true }]);
  const part = [STROKE, samClick(1, 1, { starts: true, operation: "subtract" })];
  expect(nextPoint(part, AT, true).steps.at(-1)?.event).toMatchObject({ positive: true });
  expect(nextPoint(part, AT, false).steps.at(-1)?.event).toMatchObject({ positive: false });
});

test("a box, and whatever is done by hand, ends the part before", () => {
  const clicked = samClick(1, 1, { starts: true });
  expect(nextBox({ x: 2, y: 3, width: 4, height: 5 }, false)).toMatchObject({
    starts: true,
    steps: [{ event: { type: "box", x0: 2, y0: 3, x1: 6, y1: 8 } }],
  });
  expect(currentPart([clicked, STROKE])).toEqual([]);
  expect(nextPoint([clicked, STROKE], AT, false).starts).toBe(true);
});

test("undo is the list without its last event: what is asked then was asked before", () => {
  const edits = [samClick(1, 1, { starts: true, candidate: 3 }), samClick(2, 2), samClick(3, 3, { positive: false })];
  const before = keyOfSteps(nextPoint(edits.slice(0, 2), AT, false).steps);
  expect(before).toBe("+1,1=3 +2,2 +5,6");
  expect(keyOfSteps(nextPoint(edits, AT, false).steps)).toBe("+1,1=3 +2,2 -3,3 +5,6");
  expect(isAmbiguous(nextPoint([], AT, false).steps)).toBe(true);
  expect(isAmbiguous(nextPoint(edits, AT, false).steps)).toBe(false);
});

test("a refined part takes the place of what it was, and hand work stays", () => {
  const counts = (from: number) => {
    const mask = emptyMask(4, 4);
    mask.data.fill(1, from, from + 2);
    return runsToString(encodeMask(mask));
  };
  const edits: Edit[] = [
    samClick(0, 0, { starts: true, counts: counts(0) }),
    samClick(0, 1, { counts: counts(4) }),
    samClick(0, 2, { starts: true, counts: counts(8) }),
  ];
  expect(lastingEdits(edits)).toEqual([edits[1], edits[2]]);
  const mask = applyEdits(emptyMask(4, 4), edits);
  expect([...mask.data]).toEqual([0, 0, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
  expect(decodeMask(encodeMask(mask))).toEqual(mask);
});

test("sizes go from the model's own choice to the ends", () => {
  const candidates = [
    { index: 2, lowArea: 50 },
    { index: 1, lowArea: 10 },
    { index: 3, lowArea: 90 },
  ];
  expect(candidateAt(candidates, 0)).toMatchObject({ candidate: { index: 2 }, step: 1, own: 1 });
  expect(candidateAt(candidates, 5)?.candidate.index).toBe(3);
  expect(candidateAt(candidates, -1)?.candidate.index).toBe(1);
  expect(candidateAt([], 0)).toBeNull();
});
