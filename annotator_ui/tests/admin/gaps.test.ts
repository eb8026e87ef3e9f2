import { expect, test } from "vitest";
import type { Study, StudyProgress } from "../../src/api/types";
import { gapsOf } from "../../src/screens/admin/gaps";

const STUDY = { slug: "park", state: "open", raters_per_roi: 3, counts: { images: 2, rois: 5 } } as Study;

function progress(change: Partial<StudyProgress>): StudyProgress {
  return {
    rois: { total: 5, complete: 2, in_progress: 1, untouched: 2 },
    ratings: { accepted: 8, wanted: 15, missing: 7, surplus: 0, revised: 0 },
    skips: [],
    per_hour: [],
    annotators: ["ann", "ben", "cem"].map((username) => ({
      member: username,
      pseudonym: username,
      username,
      rated: 2,
      skipped: 0,
      last_active: null,
      median_seconds: null,
      simulated: false,
      excluded_at: null,
      exclusion_reason: "",
    })),
    rating_hours_left: null,
    ...change,
  };
}

function actions(study: Study, numbers: StudyProgress) {
  return gapsOf(study, numbers).map(({ action }) => action);
}

test("a running study says how many ratings it needs", () => {
  expect(gapsOf(STUDY, progress({})).map(({ text }) => text)).toEqual(["7 more ratings are needed for 3 ROIs."]);
});

test("annotators who are excluded do not make up the number of raters", () => {
  const numbers = progress({});
  const excluded = numbers.annotators.map((row, index) => ({
    ...row,
    excluded_at: index > 0 ? "2026-02-03T12:00:00Z" : null,
  }));
  expect(gapsOf(STUDY, { ...numbers, annotators: excluded })[0]?.text).toContain("has 1 annotator. Invite at least 2");
});

test("a paused study says that nobody gets work", () => {
  expect(actions({ ...STUDY, state: "paused" }, progress({}))).toEqual(["Change the state", "Show the ROIs"]);
});

test("a complete study misses nothing, whatever its state", () => {
  const done = progress({ rois: { total: 5, complete: 5, in_progress: 0, untouched: 0 } });
  expect(gapsOf({ ...STUDY, state: "closed" }, done)).toEqual([]);
});
