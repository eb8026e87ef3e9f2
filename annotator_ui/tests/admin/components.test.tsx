// @vitest-environment jsdom
import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, expect, test } from "vitest";
import type { Distortion, Label } from "../../src/api/types";
import { HoursChart } from "../../src/screens/admin/HoursChart";
import { ImportReportView } from "../../src/screens/admin/ImportReportView";
import { LabelSummary } from "../../src/screens/admin/LabelSummary";
import { StackedBar } from "../../src/screens/admin/StackedBar";

afterEach(cleanup);

function label(levels: Partial<Record<Distortion, number>>): Label {
  const score = (level: number) => ({
    mean: level,
    sd: 0,
    interval: [level, level],
    t_interval: [level, level],
    level,
    level_word: "",
    votes: [],
    mos_map: level,
    mos_map_se: 0,
  });
  const common = {
    sd: null,
    interval: null,
    t_interval: null,
    level_word: null,
    votes: [],
    tie: false,
    severity_all: 5,
  };
  const absent = { ...common, present: false, severity: null, level: null, p_present: 0, severity_present: null };
  const one = (name: Distortion) => {
    const level = levels[name];
    return level === undefined ? absent : { ...absent, present: true, severity: level, level };
  };
  return {
    n: 7,
    clean: Object.keys(levels).length === 0,
    contested_clean: false,
    tie: false,
    quality: score(1),
    importance: score(3),
    distortions: {
      exposure: one("exposure"),
      noise: one("noise"),
      blur: one("blur"),
      contrast: one("contrast"),
      colorfulness: one("colorfulness"),
      compression: one("compression"),
    },
  };
}

test("a label is told in words: quality, importance and the distortions that are there", () => {
  const { container } = render(<LabelSummary label={{ ...label({ blur: 0, noise: 4 }), tie: true }} />);
  expect(container.textContent).toContain("poor quality 1.00 (1.00 to 1.00) · important importance 3.00");
  expect(screen.getAllByRole("listitem").map((item) => item.textContent?.trim())).toEqual([
    "noise trivial",
    "blur extreme",
  ]);
  expect(screen.getByText("tie")).toBeTruthy();
});

test("a clean label says so, and that it is contested", () => {
  render(<LabelSummary label={{ ...label({}), contested_clean: true }} />);
  expect(screen.getByText("no visible distortion")).toBeTruthy();
  expect(screen.getByText("contested clean")).toBeTruthy();
});

test("the chart of hours has a name that tells its content, and a table of the same numbers", () => {
  const now = new Date("2026-02-03T12:40:00Z");
  render(<HoursChart now={now} perHour={[{ hour: "2026-02-03T11:00:00Z", count: 12 }]} />);
  expect(screen.getByRole("img").getAttribute("aria-label")).toBe(
    "Ratings per hour in the last 48 hours: 12 ratings, at most 12 in one hour.",
  );
  expect(screen.getByText("12 ratings in 48 hours, as a table")).toBeTruthy();
});

test("an hour chart without ratings is a sentence", () => {
  render(<HoursChart now={new Date()} perHour={[]} />);
  expect(screen.getByText("No ratings in the last 48 hours.")).toBeTruthy();
});

test("the parts of a bar are a list with their numbers", () => {
  render(<StackedBar label="ROIs by state" parts={[{ name: "complete", value: 1204, tone: "done", means: "" }]} />);
  expect(within(screen.getByRole("list", { name: "ROIs by state" })).getByRole("listitem").textContent).toBe(
    "1,204 complete",
  );
});

test("an import tells every count and each refused file with its reason", () => {
  const report = { images_added: 3, images_known: 1, rois_added: 20, rois_known: 0, refused_count: 1 };
  render(
    <ImportReportView
      name="import"
      report={{ ...report, refused: [{ file: "a.png", code: "x", reason: "Cut off." }] }}
    />,
  );
  expect(screen.getByRole("row", { name: "a.png Cut off." })).toBeTruthy();
  expect(screen.getByRole("button", { name: "Download the refused files as CSV" })).toBeTruthy();
});
