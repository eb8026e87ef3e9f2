import { renderToStaticMarkup } from "react-dom/server";
import { MemoryRouter } from "react-router";
import { describe, expect, test } from "vitest";
import type { Checks } from "../../src/api/types";
import { changesOfChecks, formOfChecks, goldsLast, shareWithoutLabel } from "../../src/screens/admin/checks";
import { acceptedText, isDoubtful, levelsText, markOf, reasonsOf, toggled } from "../../src/screens/admin/golds/golds";
import { BreakView } from "../../src/screens/rating/BreakView";

const CHECKS: Checks = {
  gold_every: 0,
  repeat_every: 0,
  warm_up_rois: 0,
  break_after_minutes: 0,
  break_after_rois: 0,
  adaptive_votes: false,
  most_votes: 15,
  half_width: 0.6,
  ask_on_near_ties: true,
  raters_per_roi: 7,
  golds: 6,
  annotators: 9,
};

describe("checks", () => {
  test("only what differs is sent, as numbers", () => {
    const form = { ...formOfChecks(CHECKS), gold_every: "12", adaptive_votes: true };
    expect(changesOfChecks(CHECKS, form)).toEqual({ gold_every: 12, adaptive_votes: true });
    expect(changesOfChecks(CHECKS, formOfChecks(CHECKS))).toEqual({});
  });

  test("what golds and repeats take from the labels", () => {
    expect(shareWithoutLabel({ gold_every: "12", repeat_every: "20" })).toBeCloseTo(1 / 12 + 1 / 20);
    expect(shareWithoutLabel({ gold_every: "0", repeat_every: "" })).toBe(0);
    expect(goldsLast({ gold_every: "12" }, 6)).toBe(72);
    expect(goldsLast({ gold_every: "12" }, 0)).toBeNull();
  });
});

describe("golds", () => {
  test("levels that pass are told in words", () => {
    expect(levelsText("blur", [0, 1, 2, 3])).toBe("extreme to minor");
    expect(levelsText("quality", [0, 2])).toBe("bad, fair");
    expect(acceptedText({ quality: [4], noise: [4, 5] })).toEqual([
      "Noise: trivial to nonexistent",
      "Quality: excellent",
    ]);
  });

  test("a scale without ticks, or with all of them, is not checked", () => {
    let chosen = toggled(toggled({}, "blur", 2), "blur", 0);
    for (const level of [0, 1, 2, 3, 4]) chosen = toggled(chosen, "quality", level);
    chosen = toggled(toggled(chosen, "noise", 1), "noise", 1);
    expect(markOf("r", chosen)).toEqual({ roi: "r", accepted: { blur: [0, 2] } });
  });

  test("a gold is doubtful when most of five or more people miss it", () => {
    expect(isDoubtful({ answered: 4, passed: 0 })).toBe(false);
    expect(isDoubtful({ answered: 6, passed: 2 })).toBe(true);
    expect(isDoubtful({ answered: 6, passed: 3 })).toBe(false);
  });

  test("equal reasons are told once", () => {
    expect(reasonsOf([{ reason: "flat" }, { reason: "gone" }, { reason: "flat" }])).toEqual([
      { reason: "flat", count: 2 },
      { reason: "gone", count: 1 },
    ]);
  });
});

describe("a break", () => {
  const shown = (seconds: number) =>
    renderToStaticMarkup(
      <MemoryRouter>
        <BreakView endsAt={Date.now() + seconds * 1000} rated={1} />
      </MemoryRouter>,
    );

  test("counts down and says that nothing has to be done", () => {
    expect(shown(274.5)).toContain("4:35");
    expect(shown(274.5)).toContain("opens by itself");
    expect(shown(-3)).toContain("0:00");
  });
});
