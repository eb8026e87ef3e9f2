import { DISTORTIONS, type TrainingItem } from "../../api/types";
import { FIELD_LABELS, NONEXISTENT } from "../../state/rating/scales";

type Referenced = Pick<TrainingItem, "use" | "reference">;

/** What the training ROIs do not show yet, by the methodology: each distortion at two severities, and one clean ROI. */
export function gapsOf(items: readonly Referenced[]): string[] {
  const training = items.filter(({ use }) => use === "training");
  if (training.length === 0) return [];
  const gaps: string[] = DISTORTIONS.flatMap((name) => {
    const levels = training.map(({ reference }) => reference[name]).filter((level) => level !== undefined);
    const seen = new Set(levels.filter((level) => level !== NONEXISTENT)).size;
    if (seen >= 2) return [];
    return [seen === 0 ? `${FIELD_LABELS[name]} nowhere` : `${FIELD_LABELS[name]} at one severity only`];
  });
  const clean = training.some(({ reference }) => DISTORTIONS.every((name) => reference[name] === NONEXISTENT));
  return clean ? gaps : [...gaps, "no clean ROI"];
}
