import { useId } from "react";
import { Link } from "react-router";
import { count, formatDate } from "../admin/words";
import { Field } from "../shared/Field";
import type { RunForm } from "./runForm";
import type { RunOptions } from "./types";

export interface RunFormPart {
  form: RunForm;
  options: RunOptions;
  errorsOf: (name: string) => readonly string[];
  onChange: (change: Partial<RunForm>) => void;
}

/** The release or the synthetic set, and how much of it. */
export function DataFields({ form, options, errorsOf, onChange, slug }: RunFormPart & { slug: string }) {
  const name = useId();
  const errors = [...errorsOf("data"), ...errorsOf("release"), ...errorsOf("synthetic_set")];
  return (
    <>
      <Field
        label="Data"
        hint={
          <>
            A release fine-tunes on this study's labels; a synthetic set pre-trains on distortions that a program made.{" "}
            {options.releases.length === 0 ? (
              <Link to={`/studies/${slug}/releases`}>Freeze a release to train on your own labels.</Link>
            ) : null}
          </>
        }
        errors={errors}
      >
        {(control) => (
          <select
            {...control}
            className="input"
            value={form.data}
            onChange={(event) => onChange({ data: event.target.value })}
          >
            {options.releases.length > 0 ? (
              <optgroup label="Releases of this study">
                {[...options.releases]
                  .sort((one, other) => other.number - one.number)
                  .map((release) => (
                    <option key={release.id} value={`release:${release.id}`}>
                      Release {release.number}: {count(release.rois, "ROI")} on {count(release.images, "image")},{" "}
                      {formatDate(release.created_at)}
                    </option>
                  ))}
              </optgroup>
            ) : null}
            {options.synthetic_sets.length > 0 ? (
              <optgroup label="Synthetic sets on this server">
                {options.synthetic_sets.map((set) => (
                  <option key={set.name} value={`synthetic:${set.name}`}>
                    {set.name}: {count(set.rows, "ROI")} on {count(set.images, "image")}
                  </option>
                ))}
              </optgroup>
            ) : null}
          </select>
        )}
      </Field>
      <Field
        label="Share of the training images, in %"
        hint="Less than 100 trains on that many images, drawn by a seed: to see how much data matters. The test part is never touched."
        errors={errorsOf("fraction")}
      >
        {(control) => (
          <input
            {...control}
            className="input input-short"
            inputMode="decimal"
            required
            value={form.fraction}
            name={name}
            onChange={(event) => onChange({ fraction: event.target.value })}
          />
        )}
      </Field>
    </>
  );
}
