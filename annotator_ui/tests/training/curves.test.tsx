// @vitest-environment jsdom
import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import { CurveChart } from "../../src/screens/training/CurveChart";
import { type Curve, curveGroups, niceTicks, short, smoothed, thinned } from "../../src/screens/training/curves";
import { DifferenceChart, signed } from "../../src/screens/training/DifferenceChart";

afterEach(cleanup);

const loss: Curve = {
  name: "loss",
  points: [
    { step: 1, value: 2.5 },
    { step: 10, value: 0.431 },
  ],
};

test("a chart tells its course to those who do not see it, and has its numbers as a table", () => {
  render(<CurveChart title="Loss" asks="In words." curves={[loss]} steps={20} />);
  expect(screen.getByRole("img").getAttribute("aria-label")).toBe(
    "Loss. loss: from 2.5 at step 1 to 0.431 at step 10.",
  );
  const rows = within(screen.getByRole("table")).getAllByRole("row");
  expect(rows.map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([
    ["Step", "loss"],
    ["1", "2.5"],
    ["10", "0.431"],
  ]);
});

test("a single value is drawn inside the chart", () => {
  const { container } = render(
    <CurveChart title="Loss" asks="" curves={[{ name: "loss", points: [{ step: 1, value: 2 }] }]} steps={10} />,
  );
  const y = Number(container.querySelector("circle")?.getAttribute("cy"));
  expect(y).toBeGreaterThan(0);
  expect(y).toBeLessThan(260);
});

test("points are sorted into charts of one unit, and gaps are no zeros", () => {
  const groups = curveGroups([
    { step: 1, loss: 2, learning_rate: 0.001, questions: 12 },
    { step: 2, loss: null, quality_srocc: 0.3, type_f1: 0.1 },
  ]);
  expect(groups.map(({ key, curves }) => [key, curves.map(({ name }) => name)])).toEqual([
    ["loss", ["loss"]],
    ["metrics", ["quality SRCC", "distortion F1"]],
    ["rate", ["learning rate"]],
  ]);
  expect(groups[0]?.curves[0]?.points).toEqual([{ step: 1, value: 2 }]);
});

test("ticks are round and cover what is drawn", () => {
  expect(niceTicks(0, 900)).toEqual([0, 200, 400, 600, 800, 1000]);
  expect(niceTicks(0.02, 0.98)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
  expect(niceTicks(-0.03, 0.03)).toEqual([-0.04, -0.02, 0, 0.02, 0.04]);
});

test("a table of many steps keeps the first and the last", () => {
  const rows = thinned(
    Array.from({ length: 1000 }, (_, index) => index),
    25,
  );
  expect(rows).toHaveLength(25);
  expect([rows[0], rows.at(-1)]).toEqual([0, 999]);
});

test("the mean of a constant is the constant, from its first point on", () => {
  const flat = smoothed({ name: "loss", points: [1, 2, 3].map((step) => ({ step, value: 4 })) });
  expect(flat.points.map(({ value }) => Number(value.toFixed(9)))).toEqual([4, 4, 4]);
});

test("numbers are as short as they can be read", () => {
  expect([short(0.00004), short(12.3456), short(-0.5), short(0)]).toEqual(["4e−5", "12.3", "−0.5", "0"]);
  expect([signed(0.021), signed(-0.1), signed(0)]).toEqual(["+0.02", "−0.10", "0.00"]);
});

test("differences tell their sign in words", () => {
  const metric = { a: 0.6, b: 0.5, difference: 0.1, interval: [0.02, 0.18] as [number, number], not_worse: true };
  render(<DifferenceChart metrics={{ quality_srocc: metric }} a="Model 2" b="Model 1" />);
  expect(screen.getByRole("img").getAttribute("aria-label")).toBe("Model 2 minus Model 1: quality SRCC +0.10.");
});
