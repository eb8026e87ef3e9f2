import type { ROI, ROILevel } from "../api/types";

/** An ROI must have at least as many pixels as a square of 32: less cannot be judged. The server refuses it too. */
export const MIN_AREA_PX = 32 * 32;

/** Characters that an ROI's name may have. */
export const MAX_NAME = 120;

export const LEVEL_WORDS: Readonly<Record<ROILevel, string>> = { object: "Object", component: "Component" };

/** Why a mask cannot be saved as it is, as a sentence; `null` when it can. */
export function refusalOf(area: number): string | null {
  if (area >= MIN_AREA_PX) return null;
  if (area === 0) return "Nothing is marked yet. Click a region, draw a polygon, or use the brush.";
  return `The ROI has ${pixels(area)}; it needs at least ${pixels(MIN_AREA_PX)} (32 × 32) to be judged.`;
}

/** "1,024 px" */
export function pixels(count: number): string {
  return `${count.toLocaleString("en")} px`;
}

/** The name to show, as most ROIs are never named. */
export function displayName(roi: Pick<ROI, "name" | "level">, index: number): string {
  return roi.name === "" ? `${LEVEL_WORDS[roi.level]} ${index + 1}` : roi.name;
}
