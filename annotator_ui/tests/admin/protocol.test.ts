import { expect, test } from "vitest";
import type { Study } from "../../src/api/types";
import { changesOf, formOf, slugOf } from "../../src/screens/admin/protocol";

const STUDY: Study = {
  slug: "park",
  title: "Park",
  description: "",
  guide_text: "",
  state: "open",
  simulated: false,
  raters_per_roi: 7,
  ruleset: "anchor-v1",
  lease_minutes: 15,
  ask_extra_on_tie: true,
  annotators_draw: false,
  segmentation_model: "region-tree",
  suggestion_mode: "reveal_after",
  blind_percent: 20,
  wrong_percent: 3,
  order_by_model: false,
  my_roles: ["admin"],
  created_at: "2026-02-03T12:00:00Z",
  counts: { images: 0, rois: 0 },
};

test("an untouched form changes nothing", () => {
  expect(changesOf(STUDY, formOf(STUDY))).toEqual({});
});

test("only what was changed is sent, numbers as numbers", () => {
  expect(changesOf(STUDY, { ...formOf(STUDY), raters_per_roi: "9", title: " Park " })).toEqual({ raters_per_roi: 9 });
});

test("an address is made of any title", () => {
  expect(["Night scenes 2", "Überbelichtete Fotos!", "  --  ", `${"a".repeat(63)} b`].map(slugOf)).toEqual([
    "night-scenes-2",
    "uberbelichtete-fotos",
    "",
    "a".repeat(63),
  ]);
});
