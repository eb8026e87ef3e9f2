import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { emptyMask } from "../../src/geometry/mask";
import { decodeMask, encodeMask, runsToString, stringToRuns } from "../../src/geometry/rle";
import { applyEdits, type Edit, type History, NO_EDITS, pushEdit, redo, undo } from "../../src/model/edits";
import { points } from "../geometry/arbitraries";

const operations = fc.constantFrom("add" as const, "subtract" as const);
const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.record({
    kind: fc.constant("polygon" as const),
    operation: operations,
    points: fc.array(points, { minLength: 3, maxLength: 6 }),
  }),
  fc.record({
    kind: fc.constant("stroke" as const),
    operation: operations,
    points: fc.array(points, { minLength: 1, maxLength: 6 }),
    radius: fc.integer({ min: 1, max: 12 }).map((half) => half / 2),
  }),
  fc.record({
    kind: fc.constant("region" as const),
    operation: operations,
    prompt: fc.constant({ type: "point" as const, x: 3, y: 4, positive: true, scale: 0.5 }),
    counts: fc
      .uint8Array({ minLength: 24 * 24, maxLength: 24 * 24, max: 1 })
      .map((data) => runsToString(encodeMask({ width: 24, height: 24, data }))),
  }),
  fc.record({ kind: fc.constant("tidy" as const), minArea: fc.integer({ min: 1, max: 64 }) }),
);
const histories: fc.Arbitrary<History> = fc
  .array(fc.oneof({ arbitrary: edits, weight: 3 }, fc.constantFrom("undo" as const, "redo" as const)), {
    maxLength: 12,
  })
  .map((steps) =>
    steps.reduce<History>((history, step) => {
      if (step === "undo") return undo(history);
      return step === "redo" ? redo(history) : pushEdit(history, step);
    }, NO_EDITS),
  );
const empty = emptyMask(24, 24);

describe("undo and redo", () => {
  test("redo gives back what undo took", () => {
    fc.assert(
      fc.property(histories, edits, (history, edit) => {
        const after = pushEdit(history, edit);
        expect(redo(undo(after))).toEqual(after);
        expect(undo(after).done).toEqual(history.done);
      }),
    );
  });

  test("undoing everything leads to the mask the work started from, redoing everything back to its end", () => {
    fc.assert(
      fc.property(fc.array(edits, { maxLength: 8 }), (steps) => {
        const full = steps.reduce(pushEdit, NO_EDITS);
        const back = steps.reduce(undo, full);
        expect(applyEdits(empty, back.done)).toEqual(empty);
        const again = steps.reduce(redo, back);
        expect(applyEdits(empty, again.done)).toEqual(applyEdits(empty, full.done));
      }),
    );
  });

  test("a new step after an undo forgets what was undone", () => {
    fc.assert(
      fc.property(histories, edits, (history, edit) => {
        expect(redo(pushEdit(undo(history), edit)).undone).toEqual([]);
      }),
    );
  });

  test("with nothing to undo or redo the history stays the same", () => {
    expect(undo(NO_EDITS)).toBe(NO_EDITS);
    expect(redo(NO_EDITS)).toBe(NO_EDITS);
  });
});

describe("edits", () => {
  test("applying steps one by one or at once makes the same mask, and never changes the base", () => {
    fc.assert(
      fc.property(fc.array(edits, { maxLength: 6 }), (steps) => {
        const base = emptyMask(24, 24);
        const oneByOne = steps.reduce((mask, step) => applyEdits(mask, [step]), base);
        expect(oneByOne).toEqual(applyEdits(base, steps));
        expect(base).toEqual(empty);
      }),
    );
  });

  test("steps survive being stored as JSON", () => {
    fc.assert(
      fc.property(histories, (history) => {
        const stored = JSON.parse(JSON.stringify(history)) as History;
        expect(applyEdits(empty, stored.done)).toEqual(applyEdits(empty, history.done));
      }),
    );
  });
});

test("a region adds its own pixels exactly, and takes them away again", () => {
  fc.assert(
    fc.property(
      edits.filter((edit) => edit.kind === "region"),
      (edit) => {
        const region = decodeMask(stringToRuns(edit.counts, [24, 24]));
        const added = applyEdits(empty, [{ ...edit, operation: "add" }]);
        expect(added).toEqual(region);
        expect(applyEdits(added, [{ ...edit, operation: "subtract" }])).toEqual(empty);
      },
    ),
  );
});

test("a region of another image is refused", () => {
  const prompt = { type: "point", x: 0, y: 0, positive: true, scale: 0 } as const;
  expect(() => applyEdits(empty, [{ kind: "region", operation: "add", prompt, counts: "04" }])).toThrow();
});
