import { expect, test } from "vitest";
import { axisTop, hoursUpTo } from "../../src/screens/admin/hours";

test("the last 48 hours end with the present one, and hours without ratings are there with none", () => {
  const hours = hoursUpTo(new Date("2026-02-03T12:40:00Z"), [
    { hour: "2026-02-03T12:00:00Z", count: 3 },
    { hour: "2026-02-01T13:00:00Z", count: 5 },
    { hour: "2026-02-01T12:00:00Z", count: 100 },
  ]);
  expect(hours).toHaveLength(48);
  expect(hours[0]).toEqual({ start: new Date("2026-02-01T13:00:00Z"), count: 5 });
  expect(hours[47]).toEqual({ start: new Date("2026-02-03T12:00:00Z"), count: 3 });
  expect(hours.reduce((sum, { count }) => sum + count, 0)).toBe(8);
});

test("an axis ends at a round number at or above the highest bar", () => {
  expect([1, 2, 3, 7, 11, 20, 21, 340].map(axisTop)).toEqual([1, 2, 3, 8, 20, 20, 30, 400]);
});
