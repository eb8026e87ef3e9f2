import type { Study, StudyProgress } from "../../api/types";
import { count, STATES } from "./words";

/** Something that keeps the study from being complete, and where to mend it. */
export interface Gap {
  text: string;
  to: string;
  action: string;
  /** Only admins can open that page. */
  adminOnly: boolean;
}

/** What is missing, the most basic first; empty when every ROI is complete. */
export function gapsOf(study: Study, progress: StudyProgress): Gap[] {
  const base = `/studies/${study.slug}`;
  const open = progress.rois.in_progress + progress.rois.untouched;
  if (open === 0) return [];
  const gaps: Gap[] = [];
  const raters = progress.annotators.filter(({ excluded_at: excluded }) => excluded === null).length;
  if (raters < study.raters_per_roi) {
    gaps.push({
      text:
        `Every ROI needs ${study.raters_per_roi} different people, but the study has ` +
        `${raters === 0 ? "no annotators yet" : count(raters, "annotator")}. ` +
        `Invite at least ${study.raters_per_roi - raters} more.`,
      to: `${base}?tab=members`,
      action: "Invite annotators",
      adminOnly: true,
    });
  }
  if (study.state !== "open") {
    gaps.push({
      text: `The study is ${STATES[study.state].word}: nobody gets an ROI to rate.`,
      to: `${base}?tab=settings`,
      action: "Change the state",
      adminOnly: true,
    });
  }
  const needed = progress.ratings.missing;
  if (needed > 0) {
    gaps.push({
      text: `${count(needed, "more rating is", "more ratings are")} needed for ${count(open, "ROI")}.`,
      to: `${base}?tab=rois&state=untouched`,
      action: "Show the ROIs",
      adminOnly: false,
    });
  }
  return gaps;
}
