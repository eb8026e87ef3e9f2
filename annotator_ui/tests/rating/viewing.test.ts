import { describe, expect, it } from "vitest";
import {
  type Conditions,
  checkFor,
  heldViewingCheck,
  holdViewingCheck,
  sameConditions,
} from "../../src/state/rating/viewing";

const LAPTOP: Conditions = { device: "a", device_pixel_ratio: 1.5, screen_width: 1707, screen_height: 960 };

describe("conditions of viewing", () => {
  it("are the same through the rounding of the pixel ratio", () => {
    expect(sameConditions(LAPTOP, { ...LAPTOP, device_pixel_ratio: 1.5000001 })).toBe(true);
  });

  it("are others after a zoom, on another screen and in another browser", () => {
    expect(sameConditions(LAPTOP, { ...LAPTOP, device_pixel_ratio: 1.65 })).toBe(false);
    expect(sameConditions(LAPTOP, { ...LAPTOP, screen_width: 1920, screen_height: 1080 })).toBe(false);
    expect(sameConditions(LAPTOP, { ...LAPTOP, device: "b" })).toBe(false);
  });

  it("are the same on a telephone that is turned", () => {
    const upright = { ...LAPTOP, screen_width: 390, screen_height: 844 };
    expect(sameConditions(upright, { ...upright, screen_width: 844, screen_height: 390 })).toBe(true);
  });

  it("find the check that was made under them", () => {
    const checks = [
      { ...LAPTOP, id: "zoomed", device_pixel_ratio: 3 },
      { ...LAPTOP, id: "plain" },
    ];
    expect(checkFor(checks, LAPTOP)?.id).toBe("plain");
    expect(checkFor(checks, { ...LAPTOP, device_pixel_ratio: 1 })).toBeUndefined();
  });
});

describe("the check that a claim sends along", () => {
  it("is kept by study", () => {
    holdViewingCheck("hills", "one");
    expect(heldViewingCheck("hills")).toBe("one");
    expect(heldViewingCheck("lakes")).toBeNull();
    holdViewingCheck("hills", undefined);
    expect(heldViewingCheck("hills")).toBeNull();
  });
});
