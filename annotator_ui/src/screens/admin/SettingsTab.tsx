import "./forms.css";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import type { Study, StudyChange, StudyState } from "../../api/types";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { useToast } from "../shared/Toast";
import { ChecksSection } from "./ChecksSection";
import { FormError } from "./FormError";
import { ModeFields } from "./ModeFields";
import { ModelField } from "./ModelField";
import { RuleFields, TextFields } from "./ProtocolFields";
import { changesOf, formOf, SHOWN_FIELDS } from "./protocol";
import { useProgress, useRefreshStudy } from "./useStudy";
import { STATES } from "./words";

/** Changes the study: whether it runs, what people read, and its rules. */
export function SettingsTab({ study }: { study: Study }) {
  return (
    <div className="stack">
      <StateSection study={study} />
      <SettingsForm study={study} />
      <ChecksSection study={study} />
    </div>
  );
}

const STATE_VERBS: Readonly<Record<StudyState, string>> = { open: "Open", paused: "Pause", closed: "Close" };

function StateSection({ study }: { study: Study }) {
  const refresh = useRefreshStudy(study.slug);
  const change = useMutation({
    mutationFn: (state: StudyState) => api.patch(`studies/${study.slug}/`, { state } satisfies StudyChange),
    onSettled: refresh,
  });
  return (
    <section className="card" aria-labelledby="state">
      <h2 id="state">State</h2>
      <ul className="plain-list states">
        {(Object.keys(STATES) as StudyState[]).map((state) => (
          <li key={state}>
            <Badge tone={STATES[state].tone}>{STATES[state].word}</Badge>
            <span>{STATES[state].means}</span>
            {state === study.state ? (
              <span className="muted">present</span>
            ) : (
              <Button
                small
                busy={change.isPending && change.variables === state}
                onClick={() => change.mutate(state)}
                aria-label={`${STATE_VERBS[state]} the study`}
              >
                {STATE_VERBS[state]}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {change.error ? <ErrorNote error={change.error} /> : null}
    </section>
  );
}

function SettingsForm({ study }: { study: Study }) {
  const [form, setForm] = useState(() => formOf(study));
  const progress = useProgress(study.slug);
  const refresh = useRefreshStudy(study.slug);
  const toast = useToast();
  const changes = changesOf(study, form);
  const changed = Object.keys(changes).length > 0;
  const rated = (progress.data?.ratings.accepted ?? 0) > 0;
  const save = useMutation({
    mutationFn: () => api.patch<Study>(`studies/${study.slug}/`, changes),
    onSuccess: (saved) => {
      setForm(formOf(saved));
      refresh();
      toast({ text: "The settings are saved.", tone: "ok" });
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }

  const part = {
    form,
    error: save.error,
    onChange: (change: Partial<typeof form>) => setForm((before) => ({ ...before, ...change })),
  };
  return (
    <form className="card form-wide" aria-label="Settings" onSubmit={submit}>
      <h2>About</h2>
      <TextFields {...part} />
      <h2>Protocol</h2>
      <RuleFields {...part} minRaters={rated ? study.raters_per_roi : 1} />
      {rated && changes.ruleset !== undefined ? (
        <p className="note note-warn">
          All labels will be made again under {changes.ruleset}. Ratings do not change, and releases that are already
          frozen keep the ruleset they were made with.
        </p>
      ) : null}
      <h2>Suggestions of a model</h2>
      <ModeFields {...part} fixed={rated} />
      <h2>Drawing ROIs</h2>
      <ModelField
        value={form.segmentation_model}
        images={study.counts.images}
        error={save.error}
        onChange={(model) => part.onChange({ segmentation_model: model })}
      />
      <FormError error={save.error} shown={SHOWN_FIELDS} />
      <div className="row">
        <Button type="submit" variant="primary" busy={save.isPending} disabled={!changed}>
          Save the settings
        </Button>
        {changed ? (
          <Button variant="quiet" onClick={() => setForm(formOf(study))}>
            Discard the changes
          </Button>
        ) : null}
      </div>
    </form>
  );
}
