import "./forms.css";
import { useId } from "react";
import type { Ruleset } from "../../api/types";
import { fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import type { ProtocolForm } from "./protocol";
import { RULESETS } from "./words";

interface FormPart {
  form: ProtocolForm;
  error: unknown;
  onChange: (change: Partial<ProtocolForm>) => void;
}

/** What people read about the study. */
export function TextFields({ form, error, onChange }: FormPart) {
  return (
    <>
      <Field label="Title" errors={fieldErrors(error, "title")}>
        {(control) => (
          <input
            {...control}
            className="input"
            required
            maxLength={200}
            value={form.title}
            onChange={(event) => onChange({ title: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Description"
        hint="What the study is about. Everyone in it reads this."
        errors={fieldErrors(error, "description")}
      >
        {(control) => (
          <textarea
            {...control}
            className="input"
            value={form.description}
            onChange={(event) => onChange({ description: event.target.value })}
          />
        )}
      </Field>
      <Field
        label="Guide for annotators"
        hint="Your own instructions. They stand above the meaning of each level, which the rating page always shows."
        errors={fieldErrors(error, "guide_text")}
      >
        {(control) => (
          <textarea
            {...control}
            className="input"
            value={form.guide_text}
            onChange={(event) => onChange({ guide_text: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}

/** The rules by which ROIs are rated and labelled. */
export function RuleFields({ form, error, onChange, minRaters }: FormPart & { minRaters: number }) {
  return (
    <>
      <div className="field-pair">
        <Field
          label="Raters per ROI"
          hint={
            minRaters > 1
              ? `How many different people rate each ROI. There are ratings already, so it can only grow from ${minRaters}.`
              : "How many different people rate each ROI. Seven is what the SEAGULL data used; later it can only grow."
          }
          errors={fieldErrors(error, "raters_per_roi")}
        >
          {(control) => (
            <input
              {...control}
              className="input"
              type="number"
              min={minRaters}
              max={100}
              required
              value={form.raters_per_roi}
              onChange={(event) => onChange({ raters_per_roi: event.target.value })}
            />
          )}
        </Field>
        <Field
          label="Minutes an ROI is held"
          hint="How long an annotator may stop working on an ROI before others get it."
          errors={fieldErrors(error, "lease_minutes")}
        >
          {(control) => (
            <input
              {...control}
              className="input"
              type="number"
              min={1}
              max={240}
              required
              value={form.lease_minutes}
              onChange={(event) => onChange({ lease_minutes: event.target.value })}
            />
          )}
        </Field>
      </div>
      <RulesetField ruleset={form.ruleset} onChange={(ruleset) => onChange({ ruleset })} />
      <Tick
        label="Ask one more rater when votes are tied"
        hint="A tie: exactly half of the raters saw a distortion. Such an ROI is flagged either way."
        checked={form.ask_extra_on_tie}
        onChange={(ask) => onChange({ ask_extra_on_tie: ask })}
      />
      <Tick
        label="Annotators may draw ROIs too"
        hint="Otherwise only admins and ML engineers draw. Annotators can change an ROI of their own for ten minutes."
        checked={form.annotators_draw}
        onChange={(draw) => onChange({ annotators_draw: draw })}
      />
    </>
  );
}

function RulesetField({ ruleset, onChange }: { ruleset: Ruleset; onChange: (ruleset: Ruleset) => void }) {
  const name = useId();
  return (
    <fieldset className="field choices">
      <legend className="field-label">Ruleset: how votes become a label</legend>
      {(Object.keys(RULESETS) as Ruleset[]).map((value) => (
        <label key={value} className="tick">
          <input type="radio" name={name} value={value} checked={ruleset === value} onChange={() => onChange(value)} />
          <span>
            {RULESETS[value].title}
            <span className="field-hint">{RULESETS[value].means}</span>
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export function Tick({
  label,
  hint,
  checked,
  onChange,
}: {
  label: string;
  hint: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  const id = useId();
  return (
    <div className="field">
      <div className="tick">
        <input
          id={id}
          type="checkbox"
          checked={checked}
          aria-describedby={`${id}-hint`}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>
          <label htmlFor={id}>{label}</label>
          <span className="field-hint" id={`${id}-hint`}>
            {hint}
          </span>
        </span>
      </div>
    </div>
  );
}
