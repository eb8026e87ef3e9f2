import { useState } from "react";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { type ControlProps, Field } from "../shared/Field";
import { InlineMarkdown } from "./Markdown";
import { valueText } from "./runForm";
import type { SettingField } from "./types";

/** Every setting of the stage with its default; only what is typed differs from it. */
export function SettingFields({
  settings,
  values,
  errorsOf,
  onChange,
}: {
  settings: readonly SettingField[];
  values: Readonly<Record<string, string>>;
  errorsOf: (name: string) => readonly string[];
  onChange: (name: string, text: string) => void;
}) {
  const changed = settings.filter(({ name }) => (values[name] ?? "") !== "").length;
  const wrong = settings.some(({ name }) => errorsOf(name).length > 0);
  const [open, setOpen] = useState(false);
  // What is wrong must be seen; mending it does not close the list again.
  if (wrong && !open) setOpen(true);
  if (settings.length === 0) return null;
  return (
    <details className="settings-list" open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <strong>Settings of the training</strong>{" "}
        {changed > 0 ? <Badge tone="accent">{changed} changed</Badge> : <span className="muted">all as they come</span>}
      </summary>
      <div className="field-pair settings-grid">
        {settings.map((field) => (
          <Setting
            key={field.name}
            field={field}
            value={values[field.name] ?? ""}
            errors={errorsOf(field.name)}
            onChange={(text) => onChange(field.name, text)}
          />
        ))}
      </div>
    </details>
  );
}

function Setting({
  field,
  value,
  errors,
  onChange,
}: {
  field: SettingField;
  value: string;
  errors: readonly string[];
  onChange: (text: string) => void;
}) {
  const given = valueText(field.default);
  return (
    <Field
      label={field.name.replaceAll("_", " ")}
      hint={<InlineMarkdown text={`${field.help}${field.allowed ? ` Allowed: ${field.allowed}.` : ""}`} />}
      errors={errors}
    >
      {(control) => (
        <span className="setting-row">
          <SettingInput control={control} field={field} given={given} value={value} onChange={onChange} />
          {value === "" ? null : (
            <Button
              small
              variant="quiet"
              aria-label={`Set ${field.name} back to ${given}`}
              onClick={() => onChange("")}
            >
              Back to {given}
            </Button>
          )}
        </span>
      )}
    </Field>
  );
}

function SettingInput({
  control,
  field,
  given,
  value,
  onChange,
}: {
  control: ControlProps;
  field: SettingField;
  given: string;
  value: string;
  onChange: (text: string) => void;
}) {
  const choices = field.type === "boolean" ? ["true", "false"] : (field.choices ?? []);
  if (choices.length > 0) {
    return (
      <select {...control} className="input" value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">{given} (as it comes)</option>
        {choices
          .filter((choice) => choice !== String(field.default))
          .map((choice) => (
            <option key={choice} value={choice}>
              {choice === "true" ? "yes" : choice === "false" ? "no" : choice}
            </option>
          ))}
      </select>
    );
  }
  return (
    <input
      {...control}
      className="input"
      inputMode={field.type === "integer" ? "numeric" : field.type === "number" ? "decimal" : undefined}
      placeholder={given}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
