import type { Assignment } from "../../api/types";
import type { Box } from "../../geometry/mask";
import { type Loop, traceOutline } from "../../geometry/outline";
import { decodeMask, runsBox, stringToRuns } from "../../geometry/rle";

export interface ROIOutline {
  readonly loops: readonly Loop[];
  readonly box: Box;
}

const KEPT = 4;
const cache = new Map<string, ROIOutline>();

/** The outline of the assignment's ROI; made once, so that asking ahead of time makes it stand ready. */
export function outlineOf(roi: Assignment["roi"]): ROIOutline {
  const known = cache.get(roi.id);
  if (known !== undefined) return known;
  const runs = stringToRuns(roi.segmentation.counts, roi.segmentation.size);
  const box = runsBox(runs);
  const outline = { loops: traceOutline(decodeMask(runs)), box };
  cache.set(roi.id, outline);
  for (const [oldest] of cache) {
    if (cache.size <= KEPT) break;
    cache.delete(oldest);
  }
  return outline;
}
