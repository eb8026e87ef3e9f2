import { useId } from "react";
import { Badge } from "../shared/Badge";
import { Field } from "../shared/Field";
import type { RunFormPart } from "./DataFields";
import { InlineMarkdown } from "./Markdown";
import { parametersText } from "./words";

const VARIANTS: Readonly<Record<string, string>> = {
  official: "As the authors' released network computes it.",
  paper: "As the paper describes it, where that differs from the released network.",
  native: "Ours: pooled by area, with a view of fine grain; learns fastest when it is small.",
};

/** Stage, network and what it starts from. */
export function NetworkFields({ form, options, errorsOf, onChange }: RunFormPart) {
  const stage = options.stages.find(({ name }) => name === form.stage);
  const base = options.bases.find(({ id }) => id === form.base);
  const suits = options.presets.find(({ name }) => name === form.preset)?.variant;
  return (
    <>
      <div className="field-pair">
        <Field label="Stage" hint={<InlineMarkdown text={stage?.description ?? ""} />} errors={errorsOf("stage")}>
          {(control) => (
            <select
              {...control}
              className="input"
              value={form.stage}
              // What was typed for one stage means something else for another.
              onChange={(event) => onChange({ stage: event.target.value, settings: {} })}
            >
              {options.stages.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label="Starts from"
          hint="A model to go on from, which brings its network along; or random weights."
          errors={errorsOf("base")}
        >
          {(control) => (
            <select
              {...control}
              className="input"
              value={form.base}
              onChange={(event) => onChange({ base: event.target.value })}
            >
              <option value="">Random weights</option>
              {options.bases.map(({ id, title }) => (
                <option key={id} value={id}>
                  {title}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      {base === undefined ? (
        <>
          <PresetField form={form} options={options} errorsOf={errorsOf} onChange={onChange} />
          <Field
            label="Variant"
            hint={VARIANTS[form.variant] ?? "How the network is built inside."}
            errors={errorsOf("variant")}
          >
            {(control) => (
              <select
                {...control}
                className="input"
                value={form.variant}
                onChange={(event) => onChange({ variant: event.target.value })}
              >
                <option value="">What suits the network{suits ? ` (${suits})` : ""}</option>
                {options.variants.map((variant) => (
                  <option key={variant} value={variant}>
                    {variant}
                  </option>
                ))}
              </select>
            )}
          </Field>
        </>
      ) : (
        <p className="muted">
          Network: <strong>{base.preset}</strong>, variant {base.variant}, as the model has it.
        </p>
      )}
    </>
  );
}

function PresetField({ form, options, errorsOf, onChange }: RunFormPart) {
  const name = useId();
  const errors = errorsOf("preset");
  return (
    <fieldset className="field choices" aria-describedby={errors.length > 0 ? `${name}-error` : undefined}>
      <legend className="field-label">Network</legend>
      {options.presets.map((preset) => (
        <label key={preset.name} className="tick">
          <input
            type="radio"
            name={name}
            value={preset.name}
            checked={form.preset === preset.name}
            onChange={() => onChange({ preset: preset.name })}
          />
          <span>
            {preset.title} <span className="muted">({parametersText(preset.parameters)} parameters)</span>{" "}
            {preset.needs_gpu ? <Badge>needs a GPU</Badge> : null}
            <span className="field-hint">
              <InlineMarkdown text={preset.note} />
            </span>
          </span>
        </label>
      ))}
      {errors.length > 0 ? (
        <span className="field-error" id={`${name}-error`}>
          {errors.join(" ")}
        </span>
      ) : null}
    </fieldset>
  );
}
