// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { RatingForm, type RatingFormProps } from "../../src/screens/rating/RatingForm";
import { EMPTY_FORM, formReducer, openForm } from "../../src/state/rating/form";
import { completeForm } from "./fakes";

const heard = {
  onChoose: vi.fn(),
  onEnter: vi.fn(),
  onClean: vi.fn(),
  onConfirm: vi.fn(),
  onSkip: vi.fn(),
  onSubmit: vi.fn(),
};

function show(change: Partial<RatingFormProps> = {}) {
  const props: RatingFormProps = {
    form: EMPTY_FORM,
    ready: true,
    revises: false,
    reveal: null,
    showMissing: false,
    onUndo: null,
    undoing: false,
    isTabbing: () => false,
    ...heard,
    ...change,
  };
  return render(<RatingForm {...props} />);
}

const group = (name: string) => screen.getByRole("radiogroup", { name });

beforeEach(() => {
  for (const fn of Object.values(heard)) fn.mockClear();
});

afterEach(cleanup);

describe("the form", () => {
  test("asks eight questions and preselects nothing", () => {
    show();
    expect(screen.getAllByRole("radiogroup")).toHaveLength(8);
    expect(screen.getAllByRole("radio")).toHaveLength(46);
    expect(screen.queryAllByRole("radio", { checked: true })).toEqual([]);
  });

  test("names every level by its word and tells its key", () => {
    show();
    const blur = within(group("Blur"));
    const names = ["extreme", "severe", "moderate", "minor", "trivial", "nonexistent"];
    for (const [level, name] of names.entries()) {
      expect(blur.getByRole("radio", { name }).getAttribute("aria-keyshortcuts")).toBe(String(level));
    }
    expect(within(group("Importance")).getByRole("radio", { name: "essential" })).toBeTruthy();
  });

  test("tells a click", () => {
    show();
    fireEvent.click(within(group("Noise")).getByRole("radio", { name: "minor" }));
    expect(heard.onChoose).toHaveBeenCalledWith("noise", 3);
  });

  test("shows the six answers of no visible distortion, which can still be changed", () => {
    show({ form: formReducer(EMPTY_FORM, { type: "clean" }) });
    expect(screen.getAllByRole("radio", { checked: true, name: "nonexistent" })).toHaveLength(6);
    expect(screen.getByRole("button", { name: /No visible distortion/ }).getAttribute("aria-pressed")).toBe("true");
    fireEvent.click(within(group("Blur")).getByRole("radio", { name: "trivial" }));
    expect(heard.onChoose).toHaveBeenCalledWith("blur", 4);
  });

  test("takes no answers while the ROI cannot be seen", () => {
    show({ ready: false });
    expect(screen.getByRole("group").hasAttribute("disabled")).toBe(true);
    expect(screen.getByRole("button", { name: /Submit/ }).hasAttribute("disabled")).toBe(true);
    expect(screen.getByRole("button", { name: /Cannot judge/ }).hasAttribute("disabled")).toBe(false);
  });

  test("points out what is missing after a try to submit", () => {
    show({ form: formReducer(EMPTY_FORM, { type: "choose", field: "exposure", value: 1 }), showMissing: true });
    expect(screen.getAllByText("no answer yet")).toHaveLength(7);
    expect(group("Noise").getAttribute("aria-invalid")).toBe("true");
    expect(group("Exposure").hasAttribute("aria-invalid")).toBe(false);
  });

  test("an undone rating can be revised but not skipped", () => {
    show({ form: completeForm(), revises: true });
    expect(screen.getByRole("button", { name: /Submit revision/ })).toBeTruthy();
    expect(screen.getByRole("button", { name: /Cannot judge/ }).hasAttribute("disabled")).toBe(true);
  });

  test("the focus follows the current row for those who walk with Tab", () => {
    const { rerender } = show({ isTabbing: () => true });
    within(group("Exposure")).getByRole("radio", { name: "extreme" }).focus();
    const form = formReducer(EMPTY_FORM, { type: "row", by: 1 });
    rerender(
      <RatingForm
        form={form}
        ready
        revises={false}
        reveal={null}
        showMissing={false}
        onUndo={null}
        undoing={false}
        isTabbing={() => true}
        {...heard}
      />,
    );
    expect(group("Noise").contains(document.activeElement)).toBe(true);
  });

  describe("with a model's levels", () => {
    const suggested = { exposure: 5, noise: 5, blur: 1, contrast: 5, colorfulness: 5, compression: 5, quality: 1 };

    test("none counts as an answer, and each is named as the model's", () => {
      show({ form: openForm({ noise: 4 }, false, { ...suggested, importance: 2 }) });
      expect(screen.getAllByRole("radio", { checked: true })).toHaveLength(1);
      expect(group("Blur").textContent).toContain("model: severe");
      expect(within(group("Blur")).getByRole("radio", { name: /severe\s*, the model's level/ })).toBeTruthy();
      expect(group("Noise").textContent).not.toContain("model: ");
    });

    test("a click on the model's level confirms it, a button all that are left", () => {
      show({ form: openForm({ noise: 4 }, false, { ...suggested, importance: 2 }) });
      fireEvent.click(within(group("Blur")).getByRole("radio", { name: /severe/ }));
      expect(heard.onChoose).toHaveBeenCalledWith("blur", 1);
      fireEvent.click(screen.getByRole("button", { name: /The other 7 are right/ }));
      expect(heard.onConfirm).toHaveBeenCalledOnce();
    });

    test("beside a stored answer the difference is said in words", () => {
      const mine = completeForm().values;
      show({ form: openForm(mine), reveal: { mine, model: { ...mine, blur: 1 } } });
      expect(group("Blur").textContent).toContain("moderate · model: severe");
      expect(group("Noise").textContent).not.toContain("model: ");
      expect(screen.getByRole("button", { name: /Keep my answer/ })).toBeTruthy();
      expect(screen.getByRole("button", { name: /Cannot judge/ }).hasAttribute("disabled")).toBe(true);
    });
  });
});
