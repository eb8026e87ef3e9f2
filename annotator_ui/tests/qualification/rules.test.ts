import { describe, expect, it } from "vitest";
import type { QualificationRules } from "../../src/api/types";
import { gapsOf } from "../../src/screens/qualification/coverage";
import { referenceText } from "../../src/screens/qualification/reference";
import { draftOf, rulesChange } from "../../src/screens/qualification/rules";

const RULES: QualificationRules = {
  ask_consent: false,
  consent_text: "",
  consent_version: 0,
  ask_viewing: false,
  recheck_days: 30,
  require_colour_vision: true,
  require_brightness: true,
  min_screen_px: 0,
  ask_training: false,
  ask_quiz: false,
  quiz_pass_percent: 70,
  quiz_tries: 3,
  training_items: 0,
  quiz_items: 0,
  min_training_items: 10,
  min_quiz_items: 5,
};
const CLEAN = { exposure: 5, noise: 5, blur: 5, contrast: 5, colorfulness: 5, compression: 5, quality: 4 };

describe("what an admin changes", () => {
  it("is nothing until something differs", () => {
    expect(rulesChange(RULES, draftOf(RULES))).toEqual({});
  });

  it("is sent alone, so that an untouched text makes no new version", () => {
    const draft = { ...draftOf({ ...RULES, consent_text: "Words." }), recheck_days: "14", ask_viewing: true };
    expect(rulesChange({ ...RULES, consent_text: "Words." }, draft)).toEqual({ recheck_days: 14, ask_viewing: true });
  });
});

describe("what the training does not show yet", () => {
  it("is not told before there is a training", () => {
    expect(gapsOf([{ use: "quiz", reference: CLEAN }])).toEqual([]);
  });

  it("names distortions without two severities and a missing clean ROI", () => {
    const items = [1, 3].map((blur) => ({ use: "training" as const, reference: { ...CLEAN, blur } }));
    const gaps = gapsOf([...items, { use: "training", reference: { ...CLEAN, noise: 2 } }]);
    expect(gaps).toContain("Noise at one severity only");
    expect(gaps).toContain("Exposure nowhere");
    expect(gaps.join()).not.toContain("Blur");
    expect(gaps.at(-1)).toBe("no clean ROI");
    expect(gapsOf([...items, { use: "training", reference: CLEAN }])).not.toContain("no clean ROI");
  });
});

it("says a reference in words", () => {
  expect(referenceText({ ...CLEAN, blur: 2, quality: 1 })).toBe("blur moderate · quality poor");
  expect(referenceText(CLEAN)).toBe("no distortion · quality excellent");
  expect(referenceText({ noise: 0 })).toBe("noise extreme");
});
