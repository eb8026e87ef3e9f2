// @vitest-environment jsdom
import { cleanup, render, screen, within } from "@testing-library/react";
import { afterEach, beforeAll, expect, test } from "vitest";
import type { AgreementReport, Label, Release } from "../../src/api/types";
import { estimatesOf, FIGURES } from "../../src/screens/admin/figures";
import { IntervalChart } from "../../src/screens/admin/IntervalChart";
import { LabelDetails } from "../../src/screens/admin/LabelDetails";
import { OtherVotes } from "../../src/screens/admin/OtherVotes";
import { SpreadSection } from "../../src/screens/admin/SpreadSection";
import { VoteBars } from "../../src/screens/admin/VoteBars";
import { VoteCurves } from "../../src/screens/admin/VoteCurves";

afterEach(cleanup);

beforeAll(() => {
  // jsdom knows the element and not what opens it.
  HTMLDialogElement.prototype.showModal ??= function open(this: HTMLDialogElement) {
    this.open = true;
  };
  HTMLDialogElement.prototype.close ??= function close(this: HTMLDialogElement) {
    this.open = false;
  };
});

const score: Label["quality"] = {
  mean: 2.14,
  sd: 0.69,
  interval: [1.35, 2.9],
  t_interval: [1.5, 2.78],
  level: 2,
  level_word: "fair",
  votes: [0, 1, 4, 2, 0],
  mos_map: 2.22,
  mos_map_se: 0.25,
};
const absent: Label["distortions"]["blur"] = {
  present: false,
  severity: null,
  sd: null,
  interval: null,
  t_interval: null,
  level: null,
  level_word: null,
  votes: [0, 0, 0, 0, 2, 5],
  tie: false,
  p_present: 2 / 7,
  severity_present: 4,
  severity_all: 4.7,
};
const blurred = {
  ...absent,
  present: true,
  severity: 2.33,
  sd: 1.03,
  interval: [1.47, 3.12],
  t_interval: [1.25, 3.42],
  level: 2,
  votes: [0, 1, 3, 1, 1, 1],
  tie: true,
};
const label: Label = {
  n: 7,
  clean: false,
  contested_clean: false,
  tie: true,
  quality: score,
  importance: { ...score, sd: null, t_interval: null, mos_map: null, mos_map_se: null },
  distortions: {
    exposure: absent,
    noise: absent,
    blur: blurred,
    contrast: absent,
    colorfulness: absent,
    compression: absent,
  },
};

test("a label is told with everything that says how sure it is", () => {
  render(<LabelDetails title="sky" label={label} onClose={() => undefined} />);
  const quality = within(screen.getByRole("region", { name: "Quality", hidden: true }));
  for (const text of ["2.14", "1.35 to 2.90", "1.50 to 2.78", "2.22"]) {
    expect(quality.getByText(text, { exact: false }).textContent).toContain(text);
  }
  const importance = screen.getByRole("region", { name: "Importance", hidden: true });
  expect(importance.textContent).toContain("not computed yet");
  const row = screen.getByRole("row", { name: /^blur/, hidden: true });
  expect(row.textContent).toContain("6 of 7");
  expect(row.textContent).toContain("tie");
  expect(row.textContent).toContain("Student's 1.25 to 3.42");
});

test("votes are told in words, those that nobody gave left out", () => {
  render(<VoteBars votes={[0, 1, 4, 2, 0]} words={["bad", "poor", "fair", "good", "excellent"]} />);
  expect(screen.getByRole("img").getAttribute("aria-label")).toBe("Votes: poor 1, fair 4, good 2");
});

const counts = { images: 1, rois: 3, ratings: 9, incomplete_rois: 0, annotators: 3 } as NonNullable<Release["counts"]>;
const none = { votes: 0, rois: 0, unlabelled: 0, changed: 0, scales: {} };

test("a release says what other votes would change, and which answers never count", () => {
  const { container } = render(
    <OtherVotes
      counts={{
        ...counts,
        kept_apart: { surplus: 0, revealed: 2, gold: 5, repeat: 0, warm_up: 0 },
        variants: {
          without_prefilled: { votes: 3, rois: 1, unlabelled: 1, changed: 0, scales: {} },
          with_excluded: { votes: 6, rois: 3, unlabelled: 0, changed: 2, scales: { quality: 2 } },
        },
      }}
    />,
  );
  expect(container.textContent).toContain("3 votes on 1 ROI were pre-filled; without them no word changes, 1 no label");
  expect(container.textContent).toContain("with them 2 ROIs would have another word");
  expect(container.textContent).toContain("2 after a model's answer, 5 on golds");
});

test("a release without other votes, or of an older version, says nothing of them", () => {
  const { container, rerender } = render(<OtherVotes counts={counts} />);
  expect(container.textContent).toBe("");
  rerender(<OtherVotes counts={{ ...counts, variants: { without_prefilled: none, with_excluded: none } }} />);
  expect(container.textContent).toBe("");
});

const scale = {
  alpha: 0.5,
  alpha_interval: [0.4, 0.6],
  raters: { alpha: [0.3, 0.7], ac2: null, icc_single: null, icc_mean: null },
  sos: 0.157,
  sos_points: [{ mean: 2, variance: 0.6, rois: 4 }],
} as unknown as AgreementReport["scales"][string];
const report = { scales: { quality: scale, importance: { ...scale, sos: null } } } as unknown as AgreementReport;

test("a figure has its interval over other people too, in the drawing and in the table", () => {
  const alpha = FIGURES.find(({ key }) => key === "alpha");
  if (alpha === undefined) throw new Error("no alpha");
  const { container } = render(<IntervalChart title="Alpha" asks="" estimates={estimatesOf(report, alpha)} />);
  expect(container.querySelectorAll(".chart-raters")).toHaveLength(2);
  expect(screen.getAllByRole("row")[1]?.textContent).toContain("0.30 to 0.70");
});

test("the spread of the votes is drawn with the curve that is fitted to it, and said in words", () => {
  const { container } = render(<SpreadSection report={report} />);
  expect(container.textContent).toContain("quality: a = 0.157Usual for image quality.");
  expect(container.textContent).toContain("importance: a = undefined");
  expect(container.querySelectorAll(".chart-curve")).toHaveLength(1);
});

test("the curves tell what the chosen number of votes buys", () => {
  const curve = [1, 2, 3].map((votes) => ({ votes, half_width: 2 / votes, level_accuracy: 0.2 * votes }));
  render(<VoteCurves curve={curve} chosen={2} />);
  const names = screen.getAllByRole("img").map((image) => image.getAttribute("aria-label"));
  expect(names).toEqual(["Right words: 40 % with 2 votes.", "Half of the 95 % interval: ±1 with 2 votes."]);
});
