import { settingsOf, typedValue, valueText } from "./runForm";
import type { RetrainRule, RuleRequest, RunOptions, SettingValue } from "./types";

const NUMBERS = ["min_new_rois", "min_growth_percent", "debounce_minutes", "budget_hours_per_week"] as const;
const WHOLE: readonly string[] = ["min_new_rois", "debounce_minutes"];

export type RuleForm = Record<(typeof NUMBERS)[number], string> & {
  enabled: boolean;
  preset: string;
  stage: string;
  settings: Readonly<Record<string, string>>;
  promote_automatically: boolean;
};

export function ruleForm(rule: RetrainRule): RuleForm {
  return {
    enabled: rule.enabled,
    min_new_rois: String(rule.min_new_rois),
    min_growth_percent: String(rule.min_growth_percent),
    debounce_minutes: String(rule.debounce_minutes),
    budget_hours_per_week: String(rule.budget_hours_per_week),
    preset: rule.preset,
    stage: rule.stage,
    settings: Object.fromEntries(Object.entries(rule.settings).map(([name, value]) => [name, typed(value)])),
    promote_automatically: rule.promote_automatically,
  };
}

function typed(value: unknown): string {
  return typeof value === "boolean" ? String(value) : valueText(value);
}

/** The request for the form, or what is wrong with it by field. */
export function ruleRequest(
  form: RuleForm,
  options: RunOptions,
): { body: RuleRequest; problems: Record<string, string> } {
  const problems: Record<string, string> = {};
  const numbers = Object.fromEntries(NUMBERS.map((name) => [name, Number(form[name].replace(",", "."))]));
  for (const name of NUMBERS) {
    const value = numbers[name] ?? Number.NaN;
    if (form[name].trim() === "" || !(value >= 0) || (WHOLE.includes(name) && !Number.isInteger(value))) {
      problems[name] = `Give a ${WHOLE.includes(name) ? "whole " : ""}number from 0 up.`;
    }
  }
  const settings: Record<string, SettingValue> = {};
  for (const field of settingsOf(options, form.stage)) {
    const text = form.settings[field.name]?.trim() ?? "";
    if (text === "") continue;
    const { value, problem } = typedValue(field, text);
    if (problem !== null) problems[field.name] = problem;
    else settings[field.name] = value;
  }
  return {
    problems,
    body: {
      enabled: form.enabled,
      ...(numbers as Record<(typeof NUMBERS)[number], number>),
      preset: form.preset,
      stage: form.stage,
      settings,
      promote_automatically: form.promote_automatically,
    },
  };
}
