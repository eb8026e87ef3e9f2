import "./forms.css";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { Checks, Study } from "../../api/types";
import { Button } from "../shared/Button";
import { ErrorNote, fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { Progress } from "../shared/Progress";
import { useToast } from "../shared/Toast";
import { ADVISED, type ChecksForm, changesOfChecks, formOfChecks, goldsLast, shareWithoutLabel } from "./checks";
import { FormError } from "./FormError";
import { Tick } from "./ProtocolFields";
import { StoppingCost } from "./StoppingCost";
import { studyKey } from "./useStudy";
import { count, formatNumber } from "./words";

const SHOWN = [
  "gold_every",
  "repeat_every",
  "warm_up_rois",
  "break_after_minutes",
  "break_after_rois",
  "adaptive_votes",
  "most_votes",
  "half_width",
] as const;

/** Golds, repeats, warm-up, breaks and the stopping rule: what annotators never see of the protocol. */
export function ChecksSection({ study }: { study: Study }) {
  const checks = useQuery({
    queryKey: studyKey(study.slug, "checks"),
    queryFn: () => api.get<Checks>(`studies/${study.slug}/checks/`),
  });
  if (checks.data === undefined) {
    return checks.isError ? (
      <ErrorNote error={checks.error} onRetry={() => void checks.refetch()} />
    ) : (
      <Progress label="Reading the checks" />
    );
  }
  return <ChecksFormCard study={study} checks={checks.data} />;
}

function ChecksFormCard({ study, checks }: { study: Study; checks: Checks }) {
  const [form, setForm] = useState(() => formOfChecks(checks));
  const queries = useQueryClient();
  const toast = useToast();
  const changes = changesOfChecks(checks, form);
  const changed = Object.keys(changes).length > 0;
  const save = useMutation({
    mutationFn: () => api.patch<Checks>(`studies/${study.slug}/checks/`, changes),
    onSuccess: (saved) => {
      setForm(formOfChecks(saved));
      queries.setQueryData(studyKey(study.slug, "checks"), saved);
      void queries.invalidateQueries({ queryKey: studyKey(study.slug, "progress") });
      toast({ text: "The checks are saved.", tone: "ok" });
    },
  });
  const change = (part: Partial<ChecksForm>) => setForm((before) => ({ ...before, ...part }));

  function submit(event: FormEvent) {
    event.preventDefault();
    save.mutate();
  }

  const part = { study, checks, form, error: save.error, onChange: change };
  return (
    <form className="card form-wide" aria-label="Checks" onSubmit={submit}>
      <CheckFields {...part} />
      <StoppingFields {...part} />
      <FormError error={save.error} shown={SHOWN} />
      <div className="row">
        <Button type="submit" variant="primary" busy={save.isPending} disabled={!changed}>
          Save the checks
        </Button>
        {changed ? (
          <Button variant="quiet" onClick={() => setForm(formOfChecks(checks))}>
            Discard the changes
          </Button>
        ) : null}
      </div>
    </form>
  );
}

interface Part {
  study: Study;
  checks: Checks;
  form: ChecksForm;
  error: unknown;
  onChange: (change: Partial<ChecksForm>) => void;
}

function CheckFields({ study, checks, form, error, onChange }: Part) {
  const extra = shareWithoutLabel(form);
  const last = goldsLast(form, checks.golds);
  const advised = Object.entries(ADVISED).every(([name, value]) => form[name as keyof typeof ADVISED] === value);
  const number = { form, error, onChange };
  return (
    <>
      <h2>Checks on annotators</h2>
      <p className="muted">
        Nobody who rates is told of these, and nothing on their page tells a gold or a repeat from any other ROI. 0
        switches a check off.
      </p>
      {advised ? null : (
        <p>
          <Button small onClick={() => onChange(ADVISED)}>
            Fill in what is advised
          </Button>
        </p>
      )}
      <div className="field-pair">
        <Count
          {...number}
          name="gold_every"
          label="One ROI in so many is a gold"
          hint={goldHint(checks.golds)}
          max={1000}
        />
        <Count
          {...number}
          name="repeat_every"
          label="One ROI in so many comes again"
          hint="It was rated at least 20 ROIs before. Tells how consistent a person is. 20 is advised."
          max={1000}
        />
      </div>
      {extra > 0 ? (
        <p className="note" role="status">
          About {Math.round(extra * 100)} of 100 ROIs that people rate then make no label.{" "}
          {last === null
            ? null
            : `An annotator has met all ${count(checks.golds, "gold")} after about ${formatNumber(last)} ROIs.`}
        </p>
      ) : null}
      {Number(form.gold_every) > 1 && checks.golds === 0 ? (
        <p className="note note-warn">
          There are no golds yet, so none is given out.{" "}
          <Link to={`/studies/${study.slug}?tab=golds`}>Make some from pristine ROIs</Link>.
        </p>
      ) : null}
      <Count
        {...number}
        name="warm_up_rois"
        label="ROIs to warm up with"
        hint="So many at the beginning of each session are kept with weight 0, and others rate them. 3 is advised. Where every annotator is needed for a label, it counts all the same."
        max={20}
      />
      <div className="field-pair">
        <Count
          {...number}
          name="break_after_minutes"
          label="A break after so many minutes"
          hint="Five minutes of rest; what is on screen can be finished. 25 is advised."
          max={240}
        />
        <Count
          {...number}
          name="break_after_rois"
          label="… or so many ROIs"
          hint="Whichever comes first. 50 is advised."
          max={1000}
        />
      </div>
    </>
  );
}

function goldHint(golds: number): string {
  return `Its answer is known. ${golds === 0 ? "The study has none yet" : `The study has ${golds}`}; 12 is advised.`;
}

function StoppingFields({ study, checks, form, error, onChange }: Part) {
  const number = { form, error, onChange };
  return (
    <>
      <h2>When is an ROI done?</h2>
      <Tick
        label="Ask for more votes where a label is uncertain"
        hint={`Every ROI gets ${count(checks.raters_per_roi, "vote")}, then two more at a time. ROIs of the test part never get more: choosing where to look closer would bend what models are measured on.`}
        checked={form.adaptive_votes}
        onChange={(adaptive) => onChange({ adaptive_votes: adaptive })}
      />
      {fieldErrors(error, "adaptive_votes").map((text) => (
        <p key={text} className="field-error">
          {text}
        </p>
      ))}
      {form.adaptive_votes ? (
        <>
          <div className="field-pair">
            <Count
              {...number}
              name="half_width"
              label="While quality is less sure than ±"
              hint="Levels, half of the 95 % interval. 0.6 is advised."
              min={0.05}
              max={4}
              step={0.05}
            />
            <Count {...number} name="most_votes" label="Up to so many votes" hint="15 is advised." min={1} max={100} />
          </div>
          <Tick
            label="Also while two distortions or more are near a tie"
            hint="Within one vote of it: one more person could turn the word."
            checked={form.ask_on_near_ties}
            onChange={(ask) => onChange({ ask_on_near_ties: ask })}
          />
          <StoppingCost
            study={study}
            fewest={checks.raters_per_roi}
            most={form.most_votes}
            halfWidth={form.half_width}
            nearTies={form.ask_on_near_ties}
          />
        </>
      ) : null}
    </>
  );
}

type NumberName = Exclude<keyof ChecksForm, "adaptive_votes" | "ask_on_near_ties">;

function Count({
  form,
  error,
  onChange,
  name,
  label,
  hint,
  min = 0,
  max,
  step = 1,
}: Pick<Part, "form" | "error" | "onChange"> & {
  name: NumberName;
  label: string;
  hint: string;
  min?: number;
  max: number;
  step?: number;
}) {
  return (
    <Field label={label} hint={hint} errors={fieldErrors(error, name)}>
      {(control) => (
        <input
          {...control}
          className="input"
          type="number"
          required
          min={min}
          max={max}
          step={step}
          value={form[name]}
          onChange={(event) => onChange({ [name]: event.target.value })}
        />
      )}
    </Field>
  );
}
