import type { Ruleset, Study, StudyChange, SuggestionMode } from "../../api/types";

/** The settings of a study as a form holds them: numbers are text while they are typed. */
export interface ProtocolForm {
  title: string;
  description: string;
  guide_text: string;
  raters_per_roi: string;
  ruleset: Ruleset;
  lease_minutes: string;
  ask_extra_on_tie: boolean;
  annotators_draw: boolean;
  /** Empty for what the installation gives to new studies. */
  segmentation_model: string;
  suggestion_mode: SuggestionMode;
  /** Whole percent, with `prefill` only. */
  blind_percent: string;
  wrong_percent: string;
  order_by_model: boolean;
}

export const NEW_STUDY: ProtocolForm = {
  title: "",
  description: "",
  guide_text: "",
  raters_per_roi: "7",
  ruleset: "anchor-v1",
  lease_minutes: "15",
  ask_extra_on_tie: true,
  annotators_draw: false,
  segmentation_model: "",
  suggestion_mode: "reveal_after",
  blind_percent: "20",
  wrong_percent: "3",
  order_by_model: false,
};

/** Fields whose refusal stands beside their own input. */
export const SHOWN_FIELDS = [
  "slug",
  "title",
  "description",
  "guide_text",
  "raters_per_roi",
  "lease_minutes",
  "segmentation_model",
  "suggestion_mode",
  "blind_percent",
  "wrong_percent",
] as const;

export function formOf(study: Study): ProtocolForm {
  return {
    title: study.title,
    description: study.description,
    guide_text: study.guide_text,
    raters_per_roi: String(study.raters_per_roi),
    ruleset: study.ruleset,
    lease_minutes: String(study.lease_minutes),
    ask_extra_on_tie: study.ask_extra_on_tie,
    annotators_draw: study.annotators_draw,
    segmentation_model: study.segmentation_model,
    suggestion_mode: study.suggestion_mode,
    blind_percent: String(study.blind_percent),
    wrong_percent: String(study.wrong_percent),
    order_by_model: study.order_by_model,
  };
}

type Settings = Omit<StudyChange, "state" | "segmentation_model">;

/** The form as the API wants it. */
export function bodyOf(form: ProtocolForm): Required<Settings> & Pick<StudyChange, "segmentation_model"> {
  const { segmentation_model: model, ...rest } = form;
  return {
    ...rest,
    ...(model === "" ? {} : { segmentation_model: model }),
    title: form.title.trim(),
    raters_per_roi: Number(form.raters_per_roi),
    lease_minutes: Number(form.lease_minutes),
    blind_percent: Number(form.blind_percent),
    wrong_percent: Number(form.wrong_percent),
  };
}

/** Only what differs from the study: two admins who change different things do not undo each other. */
export function changesOf(study: Study, form: ProtocolForm): StudyChange {
  const before = bodyOf(formOf(study));
  const after = bodyOf(form);
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => before[name as keyof typeof before] !== value),
  ) as StudyChange;
}

/** A study's address made from its title: lower case, digits and hyphens. */
export function slugOf(title: string): string {
  return title
    .normalize("NFKD")
    .replace(/[\u0300-\u036f]/g, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "")
    .slice(0, 64)
    .replace(/-+$/, "");
}
