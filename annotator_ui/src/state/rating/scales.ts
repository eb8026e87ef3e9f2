import { type Answers, DISTORTIONS, type Distortion } from "../../api/types";

/** One row of the form. */
export type Field = Distortion | "quality" | "importance";

/** The rows in the order in which they are asked. */
export const FIELDS: readonly Field[] = [...DISTORTIONS, "quality", "importance"];

/** Words of the levels; the index is the value that is stored. */
export const SEVERITY_WORDS = ["extreme", "severe", "moderate", "minor", "trivial", "nonexistent"] as const;
export const QUALITY_WORDS = ["bad", "poor", "fair", "good", "excellent"] as const;
export const IMPORTANCE_WORDS = ["unimportant", "minor", "normal", "important", "essential"] as const;

/** The severity that says "this distortion is not there". */
export const NONEXISTENT = 5;

export const FIELD_LABELS: Readonly<Record<Field, string>> = {
  exposure: "Exposure",
  noise: "Noise",
  blur: "Blur",
  contrast: "Contrast",
  colorfulness: "Colorfulness",
  compression: "Compression",
  quality: "Quality",
  importance: "Importance",
};

export function levelWords(field: Field): readonly string[] {
  if (field === "quality") return QUALITY_WORDS;
  if (field === "importance") return IMPORTANCE_WORDS;
  return SEVERITY_WORDS;
}

export function isLevel(field: Field, value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < levelWords(field).length;
}

/** What is chosen so far; a field that is not there has not been answered. */
export type Values = Readonly<Partial<Record<Field, number>>>;

/** The values of anything that may be one: foreign keys and levels out of range are left out. */
export function readValues(source: unknown): Values {
  if (typeof source !== "object" || source === null) return {};
  const record = source as Record<string, unknown>;
  const values: Partial<Record<Field, number>> = {};
  for (const field of FIELDS) {
    const value = record[field];
    if (isLevel(field, value)) values[field] = value;
  }
  return values;
}

export function valuesOf(answers: Answers): Values {
  return readValues({ ...answers.distortions, quality: answers.quality, importance: answers.importance });
}

/** The complete answers, or null while any of the eight is missing. */
export function answersOf(values: Values): Answers | null {
  const distortions: Partial<Record<Distortion, number>> = {};
  for (const name of DISTORTIONS) {
    const value = values[name];
    if (value === undefined) return null;
    distortions[name] = value;
  }
  if (values.quality === undefined || values.importance === undefined) return null;
  return {
    distortions: distortions as Record<Distortion, number>,
    quality: values.quality,
    importance: values.importance,
  };
}

export function sameValues(a: Values, b: Values): boolean {
  return FIELDS.every((field) => a[field] === b[field]);
}
