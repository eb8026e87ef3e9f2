import type { Gold, GoldMark } from "../../../api/types";
import { FIELD_LABELS, FIELDS, type Field, levelWords } from "../../../state/rating/scales";

/** Fewer answers than these say nothing about a gold. */
const FEWEST_ANSWERS = 5;

export type Accepted = Readonly<Partial<Record<Field, readonly number[]>>>;

/** "blur moderate or worse, ..." in words: what passes on each scale that is checked. */
export function acceptedText(accepted: Readonly<Record<string, readonly number[]>>): string[] {
  return FIELDS.filter((field) => accepted[field] !== undefined).map(
    (field) => `${FIELD_LABELS[field]}: ${levelsText(field, accepted[field] ?? [])}`,
  );
}

/** "extreme to minor" for levels in one run, "bad, good" otherwise. */
export function levelsText(field: Field, levels: readonly number[]): string {
  const words = levelWords(field);
  const named = levels.map((level) => words[level] ?? String(level));
  const run = levels.every((level, index) => index === 0 || level === (levels[index - 1] ?? 0) + 1);
  return run && levels.length > 1 ? `${named[0]} to ${named.at(-1)}` : named.join(", ");
}

/** A gold that most people miss may itself be wrong. */
export function isDoubtful({ answered, passed }: Pick<Gold, "answered" | "passed">): boolean {
  return answered >= FEWEST_ANSWERS && passed < answered / 2;
}

/** Each scale's chosen levels; null for a scale that is not checked, and where every or no level is chosen. */
export function markOf(roi: string, chosen: Accepted): GoldMark {
  const checked = FIELDS.filter((field) => {
    const levels = chosen[field] ?? [];
    return levels.length > 0 && levels.length < levelWords(field).length;
  });
  return {
    roi,
    accepted: Object.fromEntries(checked.map((field) => [field, [...(chosen[field] ?? [])].sort((a, b) => a - b)])),
  };
}

/** The same levels with one added or taken away. */
export function toggled(chosen: Accepted, field: Field, level: number): Accepted {
  const levels = chosen[field] ?? [];
  const next = levels.includes(level) ? levels.filter((other) => other !== level) : [...levels, level];
  return { ...chosen, [field]: next.sort((a, b) => a - b) };
}

/** Reasons that say the same are told once, with how often. */
export function reasonsOf(refused: readonly { reason: string }[]): { reason: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { reason } of refused) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].map(([reason, count]) => ({ reason, count }));
}
