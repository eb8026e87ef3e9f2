import { expect, test } from "vitest";
import { commandOf, endsHiding, type Key } from "../../src/state/rating/keyboard";

const press = (key: string, change: Partial<Key> = {}) =>
  commandOf({
    key,
    code: "",
    shiftKey: false,
    ctrlKey: false,
    altKey: false,
    metaKey: false,
    repeat: false,
    ...change,
  });

test("digits answer, from both parts of the keyboard", () => {
  expect(press("3", { code: "Digit3" })).toEqual({ type: "digit", value: 3 });
  expect(press("0", { code: "Numpad0" })).toEqual({ type: "digit", value: 0 });
});

test("a French keyboard answers without Shift, and its minus still zooms", () => {
  expect(press("é", { code: "Digit2" })).toEqual({ type: "digit", value: 2 });
  expect(press("2", { code: "Digit2", shiftKey: true })).toEqual({ type: "digit", value: 2 });
  expect(press("-", { code: "Digit6" })).toEqual({ type: "zoom", by: -1 });
});

test("arrows walk the form, with Shift they move the image", () => {
  expect(press("ArrowDown")).toEqual({ type: "row", by: 1 });
  expect(press("ArrowLeft")).toEqual({ type: "step", by: -1 });
  expect(press("ArrowLeft", { shiftKey: true })).toEqual({ type: "pan", dx: -1, dy: 0 });
});

test.each([
  ["Enter", "submit"],
  ["n", "clean"],
  ["N", "clean"],
  ["x", "skip"],
  ["k", "skip"],
  ["u", "undo"],
  ["g", "guide"],
  ["?", "guide"],
  ["h", "hide"],
  [" ", "hide"],
  ["p", "pause"],
  ["Escape", "close"],
])("%s means %s", (key, type) => {
  expect(press(key)?.type).toBe(type);
});

test("the browser's own shortcuts are left alone", () => {
  expect(press("u", { ctrlKey: true })).toBeNull();
  expect(press("ArrowLeft", { altKey: true })).toBeNull();
  expect(press("n", { metaKey: true })).toBeNull();
});

test("a key that is held answers one row, submits one ROI and undoes once", () => {
  expect(press("5", { repeat: true })).toBeNull();
  expect(press("Enter", { repeat: true })).toBeNull();
  expect(press("u", { repeat: true })).toBeNull();
  expect(press("ArrowRight", { repeat: true, shiftKey: true })?.type).toBe("pan");
});

test("letting H or Space go shows the outline again", () => {
  expect(endsHiding({ key: "H" })).toBe(true);
  expect(endsHiding({ key: " " })).toBe(true);
  expect(endsHiding({ key: "j" })).toBe(false);
});
