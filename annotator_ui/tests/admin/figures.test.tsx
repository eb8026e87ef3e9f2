// @vitest-environment jsdom
import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import {
  type Annotator,
  axisLow,
  digits,
  type Estimate,
  intervalText,
  oddestPresence,
  oneAnswer,
  share,
} from "../../src/screens/admin/figures";
import { IntervalChart } from "../../src/screens/admin/IntervalChart";
import { queryOf } from "../../src/screens/admin/useQueryParams";

afterEach(cleanup);

const estimates: Estimate[] = [
  { name: "blur", value: 0.61, interval: [0.55, 0.66] },
  { name: "compression", value: -0.02, interval: [-0.1, 0.05] },
  { name: "noise", value: null, interval: null },
];

test("a chart tells its extremes to those who do not see it, and has its numbers as a table", () => {
  render(<IntervalChart title="Do people agree?" asks="In words." estimates={estimates} />);
  expect(screen.getByRole("img").getAttribute("aria-label")).toBe(
    "Do people agree? From −0.02 (compression) to 0.61 (blur).",
  );
  const rows = within(screen.getByRole("table")).getAllByRole("row");
  expect(rows.map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([
    ["Name", "Value", "95 % interval"],
    ["blur", "0.61", "0.55 to 0.66"],
    ["compression", "−0.02", "−0.10 to 0.05"],
    ["noise", "undefined", "–"],
  ]);
});

test("a chart of nothing says so", () => {
  render(<IntervalChart title="Do people agree?" asks="" estimates={estimates.slice(2)} />);
  expect(screen.getByRole("img").getAttribute("aria-label")).toBe("Do people agree? Nothing can be told yet.");
});

test("the axis begins at 0, and lower where something is worse than chance", () => {
  expect(axisLow(estimates.slice(0, 1))).toBe(0);
  expect(axisLow(estimates)).toBe(-0.25);
  expect(axisLow([{ name: "x", value: -3, interval: null }])).toBe(-1);
});

test("numbers say no more than they know", () => {
  expect(digits(0.8149)).toBe("0.81");
  expect(intervalText([0.5, 0.6])).toBe("0.50 to 0.60");
  expect([share(0.034), share(0.34), share(0), share(null)]).toEqual(["3.4\u00a0%", "34\u00a0%", "0\u00a0%", "–"]);
});

test("the oddest presence is the one that differs most, in either direction", () => {
  const presence = {
    blur: { own: 0.5, others: 0.45, z: 0.8 },
    noise: { own: 0.1, others: 0.4, z: -3.4 },
    exposure: { own: null, others: null, z: null },
  };
  expect(oddestPresence({ presence } as unknown as Annotator)?.name).toBe("noise");
  expect(oddestPresence({ presence: {} } as unknown as Annotator)).toBeNull();
});

test("the larger one-answer ratio is shown, and that somebody gave nothing but one", () => {
  expect(oneAnswer({ line_ratio: { quality: 0.4, importance: 2.5 } } as Annotator)).toBe("2.50");
  expect(oneAnswer({ line_ratio: { quality: 0.4, importance: null } } as Annotator)).toBe("only one");
});

test("what is left empty is not asked for", () => {
  expect(queryOf({ rois: "100", half_width: "", most: "15" })).toBe("rois=100&most=15");
});
