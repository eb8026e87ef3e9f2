// @vitest-environment jsdom
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, test } from "vitest";
import { Markdown } from "../../src/screens/training/Markdown";
import { listed, metricsOf, metricText, sentenceOf, verdictOf } from "../../src/screens/training/metrics";
import type { ComparedMetric } from "../../src/screens/training/types";
import { lasted, parametersText, roughTime, waitsFor } from "../../src/screens/training/words";

afterEach(cleanup);

function metric(difference: number, low: number, high: number, notWorse: boolean): ComparedMetric {
  return { a: 0.5 + difference, b: 0.5, difference, interval: [low, high], not_worse: notWorse };
}

test("a report's main numbers come with their intervals; what it lacks is left out", () => {
  const report = {
    scores: { quality: { srocc: { estimate: 0.61, low: 0.55, high: 0.66 } }, importance: { rois: 0 } },
    answers: { judged: { types: { f1: { estimate: 0.2, low: 0.1, high: 0.3 } } } },
  };
  const metrics = metricsOf({ report });
  expect(metrics.map(({ key }) => key)).toEqual(["quality_srocc", "types_f1"]);
  expect(metricText(metrics[0])).toBe("0.61 (0.55 to 0.66)");
  expect(metricsOf({ report: {} })).toEqual([]);
});

test("a difference is told in words", () => {
  expect(verdictOf(metric(0.1, 0.02, 0.18, true)).word).toBe("better");
  expect(verdictOf(metric(0, -0.01, 0.01, true)).word).toBe("not worse");
  expect(verdictOf(metric(-0.01, -0.08, 0.06, false)).word).toBe("may be worse");
  expect(verdictOf(metric(-0.2, -0.3, -0.1, false)).word).toBe("worse");
});

test("a comparison ends in a sentence that says what to think of it", () => {
  const names = { a: "Model 2", b: "Model 1" };
  const good = { quality_srocc: metric(0.1, 0.02, 0.18, true), types_f1: metric(0, -0.01, 0.01, true) };
  expect(sentenceOf({ metrics: good, not_worse: true }, names)).toBe(
    "Model 2 is not worse than Model 1 in anything measured, and better in quality SRCC.",
  );
  const bad = { ...good, types_f1: metric(-0.2, -0.3, -0.1, false) };
  expect(sentenceOf({ metrics: bad, not_worse: false }, names)).toBe(
    "Model 2 is not shown to be as good as Model 1: it is or may be worse in distortion F1.",
  );
  expect(listed(["a", "b", "c"])).toBe("a, b and c");
});

test("a run in the queue says what it waits for", () => {
  expect(waitsFor({ state: "queued", waits_for: "gpu" })).toContain("needs a GPU, and no worker with a GPU");
  expect(waitsFor({ state: "queued", waits_for: "worker" })).toContain("Waits for a worker");
  expect(waitsFor({ state: "running", waits_for: "" })).toBeNull();
});

test("times and sizes are no more exact than they are", () => {
  expect([0.3, 42, 600, 7800, 50_000, 400_000].map(roughTime)).toEqual([
    "less than a second",
    "42 s",
    "10 min",
    "2 h 10 min",
    "13 h",
    "5 days",
  ]);
  expect(lasted("2026-01-01T00:00:00Z", "2026-01-01T00:05:00Z")).toBe("5 min");
  expect([1_581_632, 7.1e9, 9500].map(parametersText)).toEqual(["1.6 M", "7.1 B", "10 k"]);
});

describe("a model card", () => {
  test("has headings, lists, tables and code, below the headings of the page", () => {
    render(
      <Markdown
        text={"# Card\n\nBy `tiny`,\n**not** votes.\n\n- one\n  more\n- two\n\n| a | b |\n|---|---|\n| 1 | 2 |"}
      />,
    );
    expect(screen.getByRole("heading", { level: 3 }).textContent).toBe("Card");
    expect(screen.getByText("not").tagName).toBe("STRONG");
    expect(screen.getAllByRole("listitem").map((item) => item.textContent)).toEqual(["one more", "two"]);
    expect(screen.getByRole("row", { name: "1 2" })).toBeTruthy();
  });

  test("is text and never a page of its own", () => {
    const { container } = render(
      <Markdown text={"<img src=x onerror=alert(1)> [away](javascript:alert(1)) [web](https://example.org/)"} />,
    );
    expect(container.querySelector("img")).toBeNull();
    expect([...container.querySelectorAll("a")].map((link) => link.href)).toEqual(["https://example.org/"]);
    expect(container.textContent).toContain("<img src=x onerror=alert(1)> away web");
  });
});
