import "../admin/forms.css";
import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { api } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { Study } from "../../api/types";
import { FormError } from "../admin/FormError";
import { hasRole, studyKey } from "../admin/useStudy";
import { count, formatDateTime } from "../admin/words";
import { Button } from "../shared/Button";
import { ErrorNote, fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { Progress } from "../shared/Progress";
import { useToast } from "../shared/Toast";
import { type RuleForm, ruleForm, ruleRequest } from "./ruleForm";
import { settingErrors, settingsOf } from "./runForm";
import { SettingFields } from "./SettingFields";
import { TrainingPage } from "./TrainingPage";
import type { RetrainRule, RunOptions } from "./types";
import { useRunOptions } from "./useTraining";

/** The rule by which a study trains again by itself, and why it does not now. */
export function RuleScreen() {
  return <TrainingPage>{(study) => <Rule study={study} />}</TrainingPage>;
}

function Rule({ study }: { study: Study }) {
  const rule = useQuery({
    queryKey: studyKey(study.slug, "retrain-rule"),
    queryFn: () => api.get<RetrainRule>(`studies/${study.slug}/retrain-rule/`),
    refetchInterval: 15_000,
  });
  const options = useRunOptions(study.slug);
  const failed = rule.error ?? options.error;
  if (rule.data === undefined || options.data === undefined) {
    return failed ? (
      <ErrorNote
        error={failed}
        onRetry={() => {
          void rule.refetch();
          void options.refetch();
        }}
      />
    ) : (
      <Progress label="Reading the rule" />
    );
  }
  return (
    <>
      <WhyNot study={study} rule={rule.data} />
      <RuleFormView study={study} rule={rule.data} options={options.data} onSaved={() => void rule.refetch()} />
    </>
  );
}

function WhyNot({ study, rule }: { study: Study; rule: RetrainRule }) {
  return (
    <section className="card stack" aria-labelledby="now">
      <h2 id="now">Now</h2>
      {rule.why_not ? (
        <p className="note">
          <strong>No run starts now:</strong> {rule.why_not}
        </p>
      ) : (
        <p className="note note-ok">
          <strong>The rule holds:</strong> a release is frozen and a run started at the next check.
        </p>
      )}
      <p className="muted small">
        {rule.last_run === null ? (
          "The rule has started no run yet."
        ) : (
          <>
            The rule started <Link to={`/studies/${study.slug}/training/runs/${rule.last_run}`}>its last run</Link>.
          </>
        )}{" "}
        {rule.next_check === null ? "" : `Next check: ${formatDateTime(rule.next_check)}.`}
      </p>
      <p className="muted small">
        {count(rule.new_rois, "ROI")} labelled since its last run; {rule.hours_used.toFixed(1)} of{" "}
        {rule.budget_hours_per_week} hours used in the last seven days.
      </p>
    </section>
  );
}

const FIELDS = [
  "enabled",
  "min_new_rois",
  "min_growth_percent",
  "debounce_minutes",
  "budget_hours_per_week",
  "preset",
  "stage",
  "promote_automatically",
];

function RuleFormView({
  study,
  rule,
  options,
  onSaved,
}: {
  study: Study;
  rule: RetrainRule;
  options: RunOptions;
  onSaved: () => void;
}) {
  const [form, setForm] = useState(() => ruleForm(rule));
  const toast = useToast();
  const { body, problems } = ruleRequest(form, options);
  const save = useMutation({
    mutationFn: () => api.put<RetrainRule>(`studies/${study.slug}/retrain-rule/`, body),
    onSuccess: (saved) => {
      setForm(ruleForm(saved));
      onSaved();
      toast({ text: "The rule is saved.", tone: "ok" });
    },
  });
  const fields = save.error instanceof ApiError ? save.error.fields : {};
  const settings = settingsOf(options, form.stage);
  const change = (part: Partial<RuleForm>) => {
    save.reset();
    setForm((before) => ({ ...before, ...part }));
  };
  const changed = JSON.stringify(form) !== JSON.stringify(ruleForm(rule));
  const fine = Object.keys(problems).length === 0;
  const mayPromote = hasRole(study, "admin");

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }

  const number = (name: keyof typeof NUMBERS) => {
    const { label, hint } = NUMBERS[name];
    const own = problems[name];
    return (
      <Field label={label} hint={hint} errors={own ? [own] : fieldErrors(save.error, name)}>
        {(control) => (
          <input
            {...control}
            className="input input-short"
            inputMode="decimal"
            required
            value={form[name]}
            onChange={(event) => change({ [name]: event.target.value })}
          />
        )}
      </Field>
    );
  };
  return (
    <form className="card form-wide" aria-label="Retraining rule" onSubmit={submit}>
      <h2>When</h2>
      <Tick
        label="Train again by itself"
        hint="When enough new labels are there, a release is frozen and a run is started on it. One run of the rule at a time."
        checked={form.enabled}
        onChange={(enabled) => change({ enabled })}
      />
      <div className="field-pair">
        {number("min_new_rois")}
        {number("min_growth_percent")}
        {number("debounce_minutes")}
        {number("budget_hours_per_week")}
      </div>
      <h2>What</h2>
      <div className="field-pair">
        <Field label="Stage" errors={fieldErrors(save.error, "stage")}>
          {(control) => (
            <select
              {...control}
              className="input"
              value={form.stage}
              onChange={(event) => change({ stage: event.target.value, settings: {} })}
            >
              {options.stages.map(({ name, title }) => (
                <option key={name} value={name}>
                  {title}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Network" errors={fieldErrors(save.error, "preset")}>
          {(control) => (
            <select
              {...control}
              className="input"
              value={form.preset}
              onChange={(event) => change({ preset: event.target.value })}
            >
              {options.presets.map(({ name, title, needs_gpu: gpu }) => (
                <option key={name} value={name}>
                  {title}
                  {gpu ? " (needs a GPU)" : ""}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
      <SettingFields
        settings={settings}
        values={form.settings}
        errorsOf={(name) => [...(problems[name] ? [problems[name]] : []), ...settingErrors(fields, name)]}
        onChange={(name, text) => change({ settings: { ...form.settings, [name]: text } })}
      />
      <h2>And then</h2>
      <Tick
        label="Promote its model by itself"
        hint={
          mayPromote
            ? "Only if the comparison says that it is not worse than the promoted one. Left off, a person decides."
            : "Only an admin can allow this. Left off, a person decides."
        }
        checked={form.promote_automatically}
        disabled={!mayPromote}
        onChange={(on) => change({ promote_automatically: on })}
      />
      <FormError error={save.error} shown={[...FIELDS, ...settings.map(({ name }) => `settings.${name}`)]} />
      <div className="row">
        <Button type="submit" variant="primary" busy={save.isPending} disabled={!changed || !fine}>
          Save the rule
        </Button>
        {changed ? (
          <Button variant="quiet" onClick={() => setForm(ruleForm(rule))}>
            Discard the changes
          </Button>
        ) : null}
      </div>
    </form>
  );
}

const NUMBERS = {
  min_new_rois: {
    label: "New labelled ROIs",
    hint: "So many ROIs must have got their label since the last release that was trained on …",
  },
  min_growth_percent: {
    label: "… or growth, in %",
    hint: "… or so much more than that release held. Whichever comes first.",
  },
  debounce_minutes: {
    label: "Quiet minutes",
    hint: "It waits until no label has changed for so long: people finish what they are at.",
  },
  budget_hours_per_week: {
    label: "Budget, in hours a week",
    hint: "Runs of the rule take no more of the workers' time than this in seven days.",
  },
} as const;

function Tick({
  label,
  hint,
  checked,
  disabled = false,
  onChange,
}: {
  label: string;
  hint: string;
  checked: boolean;
  disabled?: boolean;
  onChange: (checked: boolean) => void;
}) {
  return (
    <div className="field">
      <label className="tick">
        <input
          type="checkbox"
          checked={checked}
          disabled={disabled}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span>
          {label}
          <span className="field-hint">{hint}</span>
        </span>
      </label>
    </div>
  );
}
