import type { Checks, ChecksChange } from "../../api/types";

/** The settings as a form holds them: numbers are text while they are typed. */
export interface ChecksForm {
  gold_every: string;
  repeat_every: string;
  warm_up_rois: string;
  break_after_minutes: string;
  break_after_rois: string;
  adaptive_votes: boolean;
  most_votes: string;
  half_width: string;
  ask_on_near_ties: boolean;
}

/** What the methodology advises; each can be set to 0. */
export const ADVISED: Pick<
  ChecksForm,
  "gold_every" | "repeat_every" | "warm_up_rois" | "break_after_minutes" | "break_after_rois"
> = { gold_every: "12", repeat_every: "20", warm_up_rois: "3", break_after_minutes: "25", break_after_rois: "50" };

export function formOfChecks(checks: Checks): ChecksForm {
  return {
    gold_every: String(checks.gold_every),
    repeat_every: String(checks.repeat_every),
    warm_up_rois: String(checks.warm_up_rois),
    break_after_minutes: String(checks.break_after_minutes),
    break_after_rois: String(checks.break_after_rois),
    adaptive_votes: checks.adaptive_votes,
    most_votes: String(checks.most_votes),
    half_width: String(checks.half_width),
    ask_on_near_ties: checks.ask_on_near_ties,
  };
}

/** Only what differs: two admins who change different things do not undo each other. */
export function changesOfChecks(checks: Checks, form: ChecksForm): ChecksChange {
  const before = formOfChecks(checks);
  const changed = Object.entries(form).filter(([name, value]) => before[name as keyof ChecksForm] !== value);
  return Object.fromEntries(changed.map(([name, value]) => [name, typeof value === "string" ? Number(value) : value]));
}

/** Of 100 claims so many make no label: "about 13 of 100 ROIs that people rate then make no label". */
export function shareWithoutLabel(form: Pick<ChecksForm, "gold_every" | "repeat_every">): number {
  const share = (every: string) => (Number(every) > 1 ? 1 / Number(every) : 0);
  return share(form.gold_every) + share(form.repeat_every);
}

/** After how many ROIs an annotator has met every gold; null without golds or density. */
export function goldsLast(form: Pick<ChecksForm, "gold_every">, golds: number): number | null {
  const every = Number(form.gold_every);
  return every > 1 && golds > 0 ? every * golds : null;
}
