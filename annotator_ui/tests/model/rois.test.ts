import { expect, test } from "vitest";
import { displayName, MIN_AREA_PX, refusalOf } from "../../src/model/rois";

test("an area of 32 x 32 pixels is enough, one pixel less is refused with both numbers", () => {
  expect(refusalOf(MIN_AREA_PX)).toBeNull();
  expect(refusalOf(MIN_AREA_PX - 1)).toContain("1,023 px");
  expect(refusalOf(MIN_AREA_PX - 1)).toContain("1,024 px");
});

test("an empty mask is told what to do", () => {
  expect(refusalOf(0)).toContain("draw a polygon");
});

test("an ROI without a name is called by its level and place", () => {
  expect(displayName({ name: "", level: "component" }, 2)).toBe("Component 3");
  expect(displayName({ name: "left eye", level: "component" }, 2)).toBe("left eye");
});
