import { useId } from "react";
import type { SuggestionMode } from "../../api/types";
import { fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { Tick } from "./ProtocolFields";
import type { ProtocolForm } from "./protocol";
import { MODES } from "./words";

/** How a model's suggestions meet the annotators, with what each way costs. Fixed once rating has begun. */
export function ModeFields({
  form,
  error,
  fixed = false,
  onChange,
}: {
  form: Pick<ProtocolForm, "suggestion_mode" | "blind_percent" | "wrong_percent" | "order_by_model">;
  error: unknown;
  fixed?: boolean;
  onChange: (change: Partial<ProtocolForm>) => void;
}) {
  const name = useId();
  return (
    <>
      {fixed ? (
        <p className="note">
          Rating has begun, so this can no longer change: votes given in different ways must not mix.
        </p>
      ) : (
        <p className="muted">
          Nothing is shown before a model is promoted. ROIs of the test part and golds are blind in every mode. The mode
          is fixed once rating has begun.
        </p>
      )}
      <fieldset className="field choices" disabled={fixed}>
        <legend className="visually-hidden">Suggestions of a model</legend>
        {(Object.keys(MODES) as SuggestionMode[]).map((mode) => (
          <label key={mode} className="tick">
            <input
              type="radio"
              name={name}
              value={mode}
              checked={form.suggestion_mode === mode}
              onChange={() => onChange({ suggestion_mode: mode })}
            />
            <span>
              {MODES[mode].title}
              <span className="field-hint">{MODES[mode].means}</span>
              <span className="field-hint mode-cost">{MODES[mode].costs}</span>
            </span>
          </label>
        ))}
      </fieldset>
      {form.suggestion_mode === "prefill" ? (
        <div className="field-pair">
          <Field
            label="Blind claims, in percent"
            hint="Of every annotator's claims so many open empty, drawn by lot. They are the control that shows how far the model pulls. At least 20."
            errors={fieldErrors(error, "blind_percent")}
          >
            {(control) => (
              <input
                {...control}
                className="input"
                type="number"
                min={20}
                max={100}
                required
                disabled={fixed}
                value={form.blind_percent}
                onChange={(event) => onChange({ blind_percent: event.target.value })}
              />
            )}
          </Field>
          <Field
            label="Wrong on purpose, in percent"
            hint="Of all claims so many open with one level off by two. Whether people notice is the catch rate of the audit page. Annotators are told that there are such levels."
            errors={fieldErrors(error, "wrong_percent")}
          >
            {(control) => (
              <input
                {...control}
                className="input"
                type="number"
                min={0}
                max={10}
                required
                disabled={fixed}
                value={form.wrong_percent}
                onChange={(event) => onChange({ wrong_percent: event.target.value })}
              />
            )}
          </Field>
        </div>
      ) : null}
      <Tick
        label="Let the model have half a say in the order of work"
        hint="Half of the order stays chance; for the other half, ROIs that the promoted model is unsure of come sooner, with a quota for every kind it predicts. Never in the test part. Shows nothing to annotators, and can be changed at any time."
        checked={form.order_by_model}
        onChange={(order) => onChange({ order_by_model: order })}
      />
    </>
  );
}
