import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DISTORTIONS } from "../../src/api/types";
import {
  currentField,
  EMPTY_FORM,
  type FormAction,
  type FormState,
  formReducer,
  missingFields,
  openForm,
} from "../../src/state/rating/form";
import { answersOf, FIELDS, isLevel, levelWords, readValues } from "../../src/state/rating/scales";

const run = (...actions: FormAction[]): FormState => actions.reduce(formReducer, EMPTY_FORM);

describe("the form", () => {
  test("starts with nothing chosen", () => {
    expect(missingFields(EMPTY_FORM)).toEqual(FIELDS);
    expect(answersOf(EMPTY_FORM.values)).toBeNull();
  });

  test("a digit answers the current row and goes to the next", () => {
    const form = run({ type: "digit", value: 3 });
    expect(form.values).toEqual({ exposure: 3 });
    expect(currentField(form)).toBe("noise");
  });

  test("a digit that the row does not have changes nothing", () => {
    const quality = run({ type: "goto", field: "quality" });
    expect(formReducer(quality, { type: "digit", value: 5 })).toBe(quality);
  });

  test("the cursor stays on the last row after its answer", () => {
    expect(currentField(run({ type: "goto", field: "importance" }, { type: "digit", value: 4 }))).toBe("importance");
  });

  test("rows do not wrap round", () => {
    expect(run({ type: "row", by: -1 }).cursor).toBe(0);
    expect(run(...Array.from({ length: 20 }, () => ({ type: "row", by: 1 }) as const)).cursor).toBe(7);
  });

  test("left and right choose the neighbouring level and stay on the row", () => {
    const first = run({ type: "step", by: 1 });
    expect(first.values.exposure).toBe(0);
    expect(formReducer(first, { type: "step", by: 1 }).values.exposure).toBe(1);
    expect(first.cursor).toBe(0);
    expect(run({ type: "step", by: -1 }).values.exposure).toBe(5);
  });

  test("no visible distortion gives six explicit answers that can be changed afterwards", () => {
    const clean = run({ type: "clean" });
    expect(DISTORTIONS.map((name) => clean.values[name])).toEqual([5, 5, 5, 5, 5, 5]);
    expect(clean.bulkClean).toBe(true);
    expect(currentField(clean)).toBe("quality");
    expect(answersOf(clean.values)).toBeNull();
    expect(formReducer(clean, { type: "choose", field: "blur", value: 4 }).values.blur).toBe(4);
  });

  test("a form that is opened again stands on its first missing row", () => {
    expect(currentField(openForm({ exposure: 1, noise: 2 }))).toBe("blur");
  });

  test("whatever is pressed, every value is a level of its row", () => {
    const action = fc.oneof(
      fc.record({ type: fc.constant("digit" as const), value: fc.integer({ min: -2, max: 12 }) }),
      fc.record({ type: fc.constant("row" as const), by: fc.integer({ min: -9, max: 9 }) }),
      fc.record({ type: fc.constant("step" as const), by: fc.constantFrom(1 as const, -1 as const) }),
      fc.record({
        type: fc.constant("choose" as const),
        field: fc.constantFrom(...FIELDS),
        value: fc.integer({ min: -2, max: 12 }),
      }),
      fc.constant({ type: "clean" as const }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
        const form = run(...actions);
        expect(FIELDS[form.cursor]).toBeDefined();
        for (const field of FIELDS) {
          const value = form.values[field];
          expect(value === undefined || isLevel(field, value)).toBe(true);
        }
        expect(readValues(form.values)).toEqual(form.values);
      }),
    );
  });
});

test("severity has six levels, the other scales five", () => {
  expect(FIELDS.map((field) => levelWords(field).length)).toEqual([6, 6, 6, 6, 6, 6, 5, 5]);
});

test("foreign keys and levels out of range are not read", () => {
  expect(readValues({ blur: 6, noise: 2, quality: 5, sharpness: 1, exposure: "3" })).toEqual({ noise: 2 });
});
