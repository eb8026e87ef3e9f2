import { expect, test } from "vitest";
import { count, formatBytes, formatHours, formatSeconds, percent, timeAgo } from "../../src/screens/admin/words";

test("a percentage reaches 100 only when all is done and leaves 0 as soon as something is", () => {
  expect([percent(0, 1000), percent(1, 1000), percent(999, 1000), percent(1000, 1000), percent(0, 0)]).toEqual([
    0, 1, 99, 100, 0,
  ]);
});

test("counts name one and many", () => {
  expect([count(1, "ROI"), count(2712, "ROI"), count(0, "image")]).toEqual(["1 ROI", "2,712 ROIs", "0 images"]);
});

test("durations and estimates are no more exact than they can be", () => {
  expect([formatSeconds(7.25), formatSeconds(42.4), formatSeconds(125)]).toEqual(["7.3 s", "42 s", "2 min 5 s"]);
  expect([formatHours(0.3), formatHours(1.2), formatHours(30.6), formatHours(100)]).toEqual([
    "less than an hour",
    "about 1 hour",
    "about 31 hours",
    "about 4 days",
  ]);
});

test("a moment in the past is named by its distance", () => {
  const now = new Date("2026-02-03T12:00:00Z");
  expect(timeAgo("2026-02-03T11:59:40Z", now)).toBe("just now");
  expect(timeAgo("2026-02-03T11:18:00Z", now)).toBe("42 min ago");
  expect(timeAgo("2026-02-02T12:00:00Z", now)).toBe("24 h ago");
  expect(timeAgo("2026-01-29T12:00:00Z", now)).toBe("5 days ago");
});

test("sizes use the unit that keeps them short", () => {
  expect([formatBytes(900), formatBytes(2048), formatBytes(5.5 * 1024 ** 2), formatBytes(3 * 1024 ** 3)]).toEqual([
    "900 B",
    "2 KB",
    "5.5 MB",
    "3.0 GB",
  ]);
});
