import { FIELD_LABELS, FIELDS, type Field, levelWords, NONEXISTENT } from "../../state/rating/scales";

/** The reference in words: what is there, and how good it looks. */
export function referenceText(reference: Readonly<Record<string, number>>): string {
  const present = FIELDS.filter((field) => field !== "quality" && field !== "importance")
    .filter((field) => reference[field] !== undefined && reference[field] !== NONEXISTENT)
    .map((field) => `${FIELD_LABELS[field].toLowerCase()} ${wordOf(field, reference)}`);
  const distortions = present.length > 0 ? present.join(", ") : "no distortion";
  const quality = reference.quality === undefined ? "" : ` · quality ${wordOf("quality", reference)}`;
  return distortions + quality;
}

function wordOf(field: Field, reference: Readonly<Record<string, number>>): string {
  return levelWords(field)[reference[field] ?? -1] ?? "";
}
