import "../admin/forms.css";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { api } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { Study } from "../../api/types";
import { FormError } from "../admin/FormError";
import { useRefreshStudy } from "../admin/useStudy";
import { Button, ButtonLink } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { Progress } from "../shared/Progress";
import { useToast } from "../shared/Toast";
import { DataFields } from "./DataFields";
import { EstimatePanel } from "./EstimatePanel";
import { NetworkFields } from "./NetworkFields";
import { newForm, type RunForm, requestOf, settingErrors, settingsOf } from "./runForm";
import { SettingFields } from "./SettingFields";
import { TrainingPage } from "./TrainingPage";
import type { RunOptions, TrainingRun } from "./types";
import { useEstimate } from "./useEstimate";
import { useRunOptions } from "./useTraining";

/** The form of a new run, with what it will cost beside it. */
export function NewRunScreen() {
  return <TrainingPage>{(study) => <NewRun study={study} />}</TrainingPage>;
}

function NewRun({ study }: { study: Study }) {
  const options = useRunOptions(study.slug);
  if (options.data === undefined) {
    return options.isError ? (
      <ErrorNote error={options.error} onRetry={() => void options.refetch()} />
    ) : (
      <Progress label="Reading what can be trained" />
    );
  }
  if (options.data.releases.length === 0 && options.data.synthetic_sets.length === 0) {
    return <NothingToTrainOn slug={study.slug} />;
  }
  return <NewRunForm study={study} options={options.data} />;
}

function NothingToTrainOn({ slug }: { slug: string }) {
  return (
    <section className="empty-state">
      <h2>There is nothing to train on yet</h2>
      <p className="muted">
        Freeze a release of this study's labels, or have a synthetic set built on the server for a pre-training run:
      </p>
      <code className="command">python -m ml.synthesis.build --help</code>
      <ButtonLink to={`/studies/${slug}/releases`} variant="primary">
        Freeze a release
      </ButtonLink>
    </section>
  );
}

const TOP_FIELDS = ["stage", "preset", "variant", "base", "release", "synthetic_set", "fraction", "note"];

function NewRunForm({ study, options }: { study: Study; options: RunOptions }) {
  const [params] = useSearchParams();
  const [form, setForm] = useState(() => newForm(options, params.get("release")));
  const { body, problems } = requestOf(study.slug, form, options);
  const fine = Object.keys(problems).length === 0;
  const estimate = useEstimate(body, fine);
  const navigate = useNavigate();
  const refresh = useRefreshStudy(study.slug);
  const toast = useToast();
  const start = useMutation({
    mutationFn: () => api.request<TrainingRun>("POST", "training-runs/", { body }),
    onSuccess: async ({ status, data: run }) => {
      refresh();
      if (status === 200) toast({ text: `The same run is there already: run ${run.number}. No second one was made.` });
      await navigate(`/studies/${study.slug}/training/runs/${run.id}`);
    },
  });
  // What the server says of the form arrives with the estimate, long before the start.
  const said = start.error ?? estimate.error;
  const fields = said instanceof ApiError ? said.fields : {};
  const errorsOf = (name: string) => [...(problems[name] ? [problems[name]] : []), ...(fields[name] ?? [])];
  const settings = settingsOf(options, form.stage);
  const shown = [...TOP_FIELDS, ...settings.flatMap(({ name }) => [name, `settings.${name}`])];

  function submit(event: FormEvent) {
    event.preventDefault();
    start.mutate();
  }

  const part = {
    form,
    options,
    errorsOf,
    onChange: (change: Partial<RunForm>) => {
      start.reset();
      setForm((before) => ({ ...before, ...change }));
    },
  };
  return (
    <form className="run-form" aria-label="New run" onSubmit={submit}>
      <div className="card form-wide">
        <h2>What to train on</h2>
        <DataFields {...part} slug={study.slug} />
        <h2>What to train</h2>
        <NetworkFields {...part} />
        <SettingFields
          settings={settings}
          values={form.settings}
          errorsOf={(name) => [...(problems[name] ? [problems[name]] : []), ...settingErrors(fields, name)]}
          onChange={(name, text) => part.onChange({ settings: { ...form.settings, [name]: text } })}
        />
        <Field
          label="Note (optional)"
          hint="What you want to find out. It stands in the list."
          errors={errorsOf("note")}
        >
          {(control) => (
            <input
              {...control}
              className="input"
              maxLength={500}
              value={form.note}
              onChange={(event) => part.onChange({ note: event.target.value })}
            />
          )}
        </Field>
      </div>
      <aside className="card stack run-cost" aria-label="Before you start">
        <EstimatePanel estimate={estimate} options={options} form={form} ready={fine} />
        <FormError error={start.error} shown={shown} />
        {estimate.error &&
        start.error === null &&
        !(estimate.error instanceof ApiError && estimate.error.status === 422) ? (
          <ErrorNote error={estimate.error} />
        ) : null}
        <Button type="submit" variant="primary" busy={start.isPending} disabled={!fine}>
          Start the run
        </Button>
        {fine ? null : <p className="field-error">Mend what is marked in the form first.</p>}
      </aside>
    </form>
  );
}
