import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import type { NewStudy, Study } from "../../api/types";
import "./admin.css";
import { Button, ButtonLink } from "../shared/Button";
import { fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { ME_KEY } from "../shared/useMe";
import { useTitle } from "../shared/useTitle";
import { FormError } from "./FormError";
import { ModeFields } from "./ModeFields";
import { ModelField } from "./ModelField";
import { RuleFields, TextFields } from "./ProtocolFields";
import { bodyOf, NEW_STUDY, SHOWN_FIELDS, slugOf } from "./protocol";

/** Makes a study; who makes it is its first admin. */
export function NewStudyScreen() {
  useTitle("New study");
  const [form, setForm] = useState(NEW_STUDY);
  const [ownSlug, setOwnSlug] = useState<string | null>(null);
  const slug = ownSlug ?? slugOf(form.title);
  const navigate = useNavigate();
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () => api.post<Study>("studies/", { slug, ...bodyOf(form) } satisfies NewStudy),
    onSuccess: async (study) => {
      await queries.invalidateQueries({ queryKey: ME_KEY });
      await queries.invalidateQueries({ queryKey: ["studies"] });
      await navigate(`/studies/${study.slug}/images`);
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    make.mutate();
  }

  const part = {
    form,
    error: make.error,
    onChange: (change: Partial<typeof form>) => setForm((before) => ({ ...before, ...change })),
  };
  return (
    <div className="page">
      <h1>New study</h1>
      <form className="card form-wide" aria-label="New study" onSubmit={submit}>
        <h2>About</h2>
        <TextFields {...part} />
        <Field
          label="Address"
          hint="Lower-case letters, digits and hyphens. It stands in every link to the study and cannot be changed later."
          errors={fieldErrors(make.error, "slug")}
        >
          {(control) => (
            <div className="prefixed">
              <span className="muted">/studies/</span>
              <input
                {...control}
                className="input mono"
                required
                maxLength={64}
                pattern="[a-z0-9][a-z0-9\-]*"
                title="Lower-case letters, digits and hyphens, starting with a letter or digit"
                value={slug}
                onChange={(event) => setOwnSlug(event.target.value)}
              />
            </div>
          )}
        </Field>
        <h2>Protocol</h2>
        <RuleFields {...part} minRaters={1} />
        <h2>Suggestions of a model</h2>
        <ModeFields {...part} />
        <h2>Drawing ROIs</h2>
        <ModelField
          value={form.segmentation_model}
          images={0}
          error={make.error}
          onChange={(model) => part.onChange({ segmentation_model: model })}
        />
        <FormError error={make.error} shown={SHOWN_FIELDS} />
        <div className="row">
          <Button type="submit" variant="primary" busy={make.isPending}>
            Create the study
          </Button>
          <ButtonLink to="/" variant="quiet">
            Cancel
          </ButtonLink>
        </div>
      </form>
    </div>
  );
}
