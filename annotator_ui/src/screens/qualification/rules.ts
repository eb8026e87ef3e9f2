import type { QualificationRules, RulesChange } from "../../api/types";

/** The rules as a form holds them: numbers are text while they are typed. */
export interface RulesDraft {
  ask_consent: boolean;
  consent_text: string;
  ask_viewing: boolean;
  recheck_days: string;
  require_colour_vision: boolean;
  require_brightness: boolean;
  min_screen_px: string;
  ask_training: boolean;
  ask_quiz: boolean;
  quiz_pass_percent: string;
  quiz_tries: string;
}

export function draftOf(rules: QualificationRules): RulesDraft {
  return {
    ask_consent: rules.ask_consent,
    consent_text: rules.consent_text,
    ask_viewing: rules.ask_viewing,
    recheck_days: String(rules.recheck_days),
    require_colour_vision: rules.require_colour_vision,
    require_brightness: rules.require_brightness,
    min_screen_px: String(rules.min_screen_px),
    ask_training: rules.ask_training,
    ask_quiz: rules.ask_quiz,
    quiz_pass_percent: String(rules.quiz_pass_percent),
    quiz_tries: String(rules.quiz_tries),
  };
}

/** Only what differs: an unchanged text must not become a new version. */
export function rulesChange(rules: QualificationRules, draft: RulesDraft): RulesChange {
  const after = {
    ...draft,
    recheck_days: Number(draft.recheck_days),
    min_screen_px: Number(draft.min_screen_px),
    quiz_pass_percent: Number(draft.quiz_pass_percent),
    quiz_tries: Number(draft.quiz_tries),
  };
  return Object.fromEntries(
    Object.entries(after).filter(([name, value]) => rules[name as keyof RulesDraft] !== value),
  ) as RulesChange;
}
