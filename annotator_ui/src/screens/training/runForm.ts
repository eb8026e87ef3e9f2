import type { NewRun, RunOptions, SettingField, SettingValue } from "./types";

export interface RunForm {
  stage: string;
  preset: string;
  variant: string;
  /** Empty: random weights. */
  base: string;
  /** "release:ID" or "synthetic:NAME"; empty while there is nothing to train on. */
  data: string;
  fraction: string;
  /** Only what was typed; empty is the default. */
  settings: Readonly<Record<string, string>>;
  note: string;
}

/** What the form opens with: the newest release, on the newest model; where there is none, a small network anew. */
export function newForm(options: RunOptions, releaseId: string | null = null): RunForm {
  const release = options.releases.find(({ id }) => id === releaseId) ?? newest(options);
  const set = options.synthetic_sets[0];
  const light = options.presets.filter(({ needs_gpu: gpu }) => !gpu);
  const preset = light.find(({ name }) => name === "tiny") ?? light[0] ?? options.presets[0];
  const base = release === undefined ? undefined : options.bases[0];
  const stage = options.stages.find(({ name }) => name === (base ? "finetune" : "scratch")) ?? options.stages[0];
  return {
    stage: stage?.name ?? "",
    preset: preset?.name ?? "",
    variant: "",
    base: base?.id ?? "",
    data: release ? `release:${release.id}` : set ? `synthetic:${set.name}` : "",
    fraction: "100",
    settings: {},
    note: "",
  };
}

function newest({ releases }: RunOptions): RunOptions["releases"][number] | undefined {
  return [...releases].sort((one, other) => other.number - one.number)[0];
}

export function settingsOf(options: RunOptions, stage: string): readonly SettingField[] {
  return options.stages.find(({ name }) => name === stage)?.settings ?? [];
}

/** The request for a form, or what is wrong with it by field, found before the server is asked. */
export function requestOf(
  slug: string,
  form: RunForm,
  options: RunOptions,
): { body: NewRun; problems: Record<string, string> } {
  const problems: Record<string, string> = {};
  const settings: Record<string, SettingValue> = {};
  for (const field of settingsOf(options, form.stage)) {
    const text = form.settings[field.name]?.trim() ?? "";
    if (text === "") continue;
    const { value, problem } = typedValue(field, text);
    if (problem !== null) problems[field.name] = problem;
    else settings[field.name] = value;
  }
  const share = Number(form.fraction);
  if (!(share > 0 && share <= 100)) problems.fraction = "Give a number above 0 and up to 100.";
  if (form.data === "") problems.data = "Choose what to train on.";
  const [kind, id = ""] = split(form.data);
  return {
    problems,
    body: {
      study: slug,
      stage: form.stage,
      base: form.base === "" ? null : form.base,
      // A base brings its own network.
      preset: form.base === "" ? form.preset : "",
      variant: form.base === "" ? form.variant : "",
      release: kind === "release" ? id : null,
      synthetic_set: kind === "synthetic" ? id : "",
      fraction: share / 100,
      settings,
      note: form.note.trim(),
    },
  };
}

function split(data: string): [string, string] {
  const at = data.indexOf(":");
  return [data.slice(0, Math.max(at, 0)), data.slice(at + 1)];
}

/** What was typed as the type that the setting has; the problem names the value and what is allowed. */
export function typedValue(field: SettingField, text: string): { value: SettingValue; problem: string | null } {
  const problem = `“${text}” is not possible: give ${field.allowed || "another value"}.`;
  if (field.nullable && /^(none|null)$/i.test(text)) return { value: null, problem: null };
  if (field.type === "boolean") return { value: text === "true", problem: null };
  if (field.type === "integer" || field.type === "number") {
    const value = Number(text.replace(",", "."));
    const whole = field.type !== "integer" || Number.isInteger(value);
    const { minimum, maximum } = field;
    const inside = value >= (minimum ?? Number.NEGATIVE_INFINITY) && value <= (maximum ?? Number.POSITIVE_INFINITY);
    return { value, problem: Number.isFinite(value) && whole && inside ? null : problem };
  }
  if (field.type === "array" || field.type === "object") {
    try {
      return { value: JSON.parse(text) as SettingValue, problem: null };
    } catch {
      return { value: text, problem };
    }
  }
  return { value: text, problem: null };
}

/** A value as it is read, and as it may be typed: "none" for nothing, "yes" for true. */
export function valueText(value: unknown): string {
  if (value === null || value === undefined || value === "") return "none";
  if (typeof value === "boolean") return value ? "yes" : "no";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The server names settings as `settings.steps` or as `steps`; both belong beside the same input. */
export function settingErrors(fields: Readonly<Record<string, readonly string[]>>, name: string): readonly string[] {
  return [...(fields[`settings.${name}`] ?? []), ...(fields[name] ?? [])];
}
