import "../admin/forms.css";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { api } from "../../api/client";
import type { QualificationRules, Study } from "../../api/types";
import { FormError } from "../admin/FormError";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { useToast } from "../shared/Toast";
import { rulesKey } from "./keys";
import { draftOf, type RulesDraft, rulesChange } from "./rules";

const SHOWN = [
  "consent_text",
  "ask_training",
  "ask_quiz",
  "recheck_days",
  "min_screen_px",
  "quiz_pass_percent",
] as const;

/** Switches for each step. Everything is off until an admin says otherwise. */
export function RulesForm({ study, rules }: { study: Study; rules: QualificationRules }) {
  const [draft, setDraft] = useState(() => draftOf(rules));
  const queries = useQueryClient();
  const toast = useToast();
  const change = rulesChange(rules, draft);
  const changed = Object.keys(change).length > 0;
  const save = useMutation({
    mutationFn: () => api.patch<QualificationRules>(`studies/${study.slug}/qualification/rules/`, change),
    onSuccess: (saved) => {
      queries.setQueryData(rulesKey(study.slug), saved);
      setDraft(draftOf(saved));
      toast({ text: "Saved. It holds from everybody's next ROI on.", tone: "ok" });
    },
  });
  const set = (part: Partial<RulesDraft>) => setDraft((before) => ({ ...before, ...part }));

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }

  return (
    <form className="card form-wide" aria-label="Before rating" onSubmit={submit}>
      <h2>Consent</h2>
      <Tick checked={draft.ask_consent} onChange={(ask_consent) => set({ ask_consent })} label="Ask for consent">
        People read your text and agree to it before anything else. Version and time are kept.
      </Tick>
      {draft.ask_consent || rules.consent_version > 0 ? (
        <Field
          label="What people agree to"
          hint={
            rules.consent_version > 0 ? (
              <>Version {rules.consent_version} holds. A changed text is a new version: everybody is asked again.</>
            ) : (
              "Purpose, who runs the study, what is stored and for how long, pay, and whom to write to."
            )
          }
          errors={fieldErrors(save.error, "consent_text")}
        >
          {(control) => (
            <textarea
              {...control}
              className="input"
              rows={8}
              value={draft.consent_text}
              onChange={(event) => set({ consent_text: event.target.value })}
            />
          )}
        </Field>
      ) : null}

      <h2>Viewing check</h2>
      <Tick checked={draft.ask_viewing} onChange={(ask_viewing) => set({ ask_viewing })} label="Check the screen">
        About two minutes: size of the screen by a bank card, dotted colour plates, faint squares on black and white.
        Asked again when screen or zoom change. The plates are a screening, not a diagnosis.
      </Tick>
      {draft.ask_viewing ? (
        <>
          <Tick
            checked={draft.require_colour_vision}
            onChange={(require_colour_vision) => set({ require_colour_vision })}
            label="Only with the plates read"
          >
            Off: what was not read is noted, and people rate all the same.
          </Tick>
          <Tick
            checked={draft.require_brightness}
            onChange={(require_brightness) => set({ require_brightness })}
            label="Only with the faint squares seen"
          >
            Off: noted only.
          </Tick>
          <div className="field-pair">
            <Numeric
              label="Again after so many days"
              hint="30 is what viewing standards advise."
              value={draft.recheck_days}
              least={1}
              most={365}
              errors={fieldErrors(save.error, "recheck_days")}
              onChange={(recheck_days) => set({ recheck_days })}
            />
            <Numeric
              label="Longer side of the screen at least, in pixels"
              hint="Device pixels; 0 takes any screen."
              value={draft.min_screen_px}
              least={0}
              most={20000}
              errors={fieldErrors(save.error, "min_screen_px")}
              onChange={(min_screen_px) => set({ min_screen_px })}
            />
          </div>
        </>
      ) : null}

      <h2>Training and quiz</h2>
      <Tick
        checked={draft.ask_training}
        onChange={(ask_training) => set({ ask_training })}
        label="Train with feedback"
        badge={`${rules.training_items} of at least ${rules.min_training_items} ROIs`}
      >
        People rate ROIs with a known answer and see it afterwards. There is no feedback anywhere else.
      </Tick>
      <Problem reasons={fieldErrors(save.error, "ask_training")} />
      <Tick
        checked={draft.ask_quiz}
        onChange={(ask_quiz) => set({ ask_quiz })}
        label="Examine in a quiz"
        badge={`${rules.quiz_items} of at least ${rules.min_quiz_items} ROIs`}
      >
        An ROI is right when every plain distortion and the quality are within one level, and at most one other answer
        is not.
      </Tick>
      <Problem reasons={fieldErrors(save.error, "ask_quiz")} />
      {draft.ask_quiz ? (
        <div className="field-pair">
          <Numeric
            label="Pass mark in percent of the ROIs"
            hint="70 is common."
            value={draft.quiz_pass_percent}
            least={1}
            most={100}
            errors={fieldErrors(save.error, "quiz_pass_percent")}
            onChange={(quiz_pass_percent) => set({ quiz_pass_percent })}
          />
          <Numeric
            label="Tries"
            hint="You can give single people more."
            value={draft.quiz_tries}
            least={1}
            most={20}
            errors={fieldErrors(save.error, "quiz_tries")}
            onChange={(quiz_tries) => set({ quiz_tries })}
          />
        </div>
      ) : null}

      <FormError error={save.error} shown={SHOWN} />
      <div className="row">
        <Button type="submit" variant="primary" busy={save.isPending} disabled={!changed}>
          Save what is asked
        </Button>
        {changed ? (
          <Button variant="quiet" onClick={() => setDraft(draftOf(rules))}>
            Discard the changes
          </Button>
        ) : null}
      </div>
    </form>
  );
}

function Tick({
  checked,
  onChange,
  label,
  badge,
  children,
}: {
  checked: boolean;
  onChange: (checked: boolean) => void;
  label: string;
  badge?: string;
  children: ReactNode;
}) {
  return (
    <label className="tick qualification-tick">
      <input type="checkbox" checked={checked} onChange={(event) => onChange(event.target.checked)} />
      <span>
        {label} {badge === undefined ? null : <Badge>{badge}</Badge>}
        <span className="field-hint">{children}</span>
      </span>
    </label>
  );
}

function Problem({ reasons }: { reasons: readonly string[] }) {
  return reasons.length === 0 ? null : <p className="field-error">{reasons.join(" ")}</p>;
}

function Numeric({
  label,
  hint,
  value,
  least,
  most,
  errors,
  onChange,
}: {
  label: string;
  hint: string;
  value: string;
  least: number;
  most: number;
  errors: readonly string[];
  onChange: (value: string) => void;
}) {
  return (
    <Field label={label} hint={hint} errors={errors}>
      {(control) => (
        <input
          {...control}
          className="input"
          type="number"
          inputMode="numeric"
          required
          min={least}
          max={most}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
