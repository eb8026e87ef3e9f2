// @vitest-environment jsdom
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, expect, test, vi } from "vitest";
import { newForm, requestOf, settingErrors, typedValue, valueText } from "../../src/screens/training/runForm";
import { SettingFields } from "../../src/screens/training/SettingFields";
import type { RunOptions, SettingField } from "../../src/screens/training/types";

afterEach(cleanup);

function setting(change: Partial<SettingField> & Pick<SettingField, "name" | "type" | "default">): SettingField {
  return {
    minimum: null,
    maximum: null,
    choices: null,
    nullable: false,
    allowed: "",
    help: "What it does.",
    ...change,
  };
}

const steps = setting({
  name: "steps",
  type: "integer",
  default: null,
  nullable: true,
  minimum: 1,
  maximum: 1000,
  allowed: "a whole number from 1, up to 1,000, or none",
});
const rate = setting({
  name: "learning_rate",
  type: "number",
  default: 0.001,
  minimum: 0,
  allowed: "a number above 0",
});
const precision = setting({ name: "precision", type: "string", default: "auto", choices: ["auto", "float32"] });

const OPTIONS: RunOptions = {
  stages: [
    { name: "finetune", title: "Fine-tune", description: "", settings: [steps, rate] },
    { name: "scratch", title: "From scratch", description: "", settings: [steps, rate, precision] },
  ],
  presets: [
    { name: "ci", title: "ci", parameters: 1.5e6, variant: "native", needs_gpu: false, note: "" },
    { name: "tiny", title: "tiny", parameters: 3.8e6, variant: "native", needs_gpu: false, note: "" },
    { name: "seagull-7b", title: "7B", parameters: 7e9, variant: "official", needs_gpu: true, note: "" },
  ],
  variants: ["official", "native"],
  releases: [
    { id: "r1", number: 1, rois: 10, images: 5, created_at: "2026-01-01T00:00:00Z" },
    { id: "r2", number: 2, rois: 20, images: 9, created_at: "2026-02-01T00:00:00Z" },
  ],
  synthetic_sets: [{ name: "set", rows: 1000, images: 200 }],
  bases: [],
  workers: { gpu: false, seen_at: "2026-02-01T00:00:00Z", machines: [] },
};

test("the form opens with the newest release and a network that runs everywhere", () => {
  expect(newForm(OPTIONS)).toMatchObject({ data: "release:r2", preset: "tiny", settings: {} });
  expect(newForm(OPTIONS, "r1").data).toBe("release:r1");
  expect(newForm({ ...OPTIONS, releases: [] }).data).toBe("synthetic:set");
});

test("a base model brings its own network", () => {
  const based = { ...OPTIONS, bases: [{ id: "shipped:tiny", title: "tiny", preset: "tiny", variant: "native" }] };
  const form = newForm(based);
  expect(form).toMatchObject({ stage: "finetune", base: "shipped:tiny" });
  const { body } = requestOf("demo", { ...form, variant: "official" }, based);
  expect(body.base).toBe("shipped:tiny");
  expect([body.preset, body.variant]).toEqual(["", ""]);
});

test("only what was changed is sent, as the type that it has", () => {
  const form = {
    ...newForm(OPTIONS),
    stage: "scratch",
    settings: { steps: " 12 ", learning_rate: "", precision: "float32" },
  };
  const { body, problems } = requestOf("demo", { ...form, fraction: "25" }, OPTIONS);
  expect(problems).toEqual({});
  expect(body).toMatchObject({ study: "demo", release: "r2", fraction: 0.25, base: null });
  expect(body.settings).toEqual({ steps: 12, precision: "float32" });
  expect(body.synthetic_set).toBe("");
});

test("what cannot be is named by field before the server is asked", () => {
  const form = { ...newForm(OPTIONS), data: "", fraction: "0", settings: { steps: "1.5", learning_rate: "fast" } };
  expect(Object.keys(requestOf("demo", form, OPTIONS).problems).sort()).toEqual([
    "data",
    "fraction",
    "learning_rate",
    "steps",
  ]);
  expect(typedValue(steps, "5000").problem).toBe(
    "“5000” is not possible: give a whole number from 1, up to 1,000, or none.",
  );
});

test("none is a value where it is allowed, and lists are typed as they are read", () => {
  expect(typedValue(steps, "none")).toEqual({ value: null, problem: null });
  const betas = setting({ name: "betas", type: "array", default: [0.9, 0.999] });
  expect(valueText(betas.default)).toBe("[0.9,0.999]");
  expect(typedValue(betas, "[0.9, 0.95]").value).toEqual([0.9, 0.95]);
  expect(typedValue(betas, "0.9;").problem).not.toBeNull();
});

test("a setting shows its default, what is allowed and what the server says of it, and goes back", () => {
  const change = vi.fn();
  render(
    <SettingFields
      settings={[steps, rate, precision]}
      values={{ steps: "12" }}
      errorsOf={(name) => settingErrors({ "settings.steps": ["Too many."] }, name)}
      onChange={change}
    />,
  );
  expect(screen.getByText("1 changed")).toBeTruthy();
  const input = screen.getByLabelText("steps");
  expect(input.getAttribute("aria-invalid")).toBe("true");
  expect(screen.getByText("Too many.")).toBeTruthy();
  expect(screen.getByLabelText("learning rate").getAttribute("placeholder")).toBe("0.001");
  fireEvent.click(screen.getByRole("button", { name: "Set steps back to none" }));
  expect(change).toHaveBeenCalledWith("steps", "");
  fireEvent.change(screen.getByLabelText("precision"), { target: { value: "float32" } });
  expect(change).toHaveBeenCalledWith("precision", "float32");
});
