import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import type { CrowdLink, CrowdLinkRequest, Study } from "../../api/types";
import { FormError } from "../admin/FormError";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { crowdKey } from "./keys";

interface Platform {
  name: string;
  id: string;
  others: string;
  back: string;
}

const PLATFORMS: Readonly<Record<string, Platform>> = {
  prolific: {
    name: "Prolific",
    id: "PROLIFIC_PID",
    others: "STUDY_ID SESSION_ID",
    back: "https://app.prolific.com/submissions/complete?cc={code}",
  },
  mturk: { name: "Mechanical Turk", id: "workerId", others: "assignmentId hitId", back: "" },
  other: { name: "Another platform", id: "worker", others: "", back: "" },
};
const SHOWN = [
  "name",
  "id_parameter",
  "other_parameters",
  "rois_wanted",
  "completion_code",
  "completion_url",
  "max_people",
  "purge_on",
] as const;
const PURGE_DAYS = 60;

function inDays(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

/** A new entry: which platform, how much work, and until when its ids are kept. */
export function CrowdLinkDialog({ study, onClose }: { study: Study; onClose: () => void }) {
  const queries = useQueryClient();
  const [platform, setPlatform] = useState("prolific");
  const chosen = PLATFORMS[platform] ?? { name: "", id: "", others: "", back: "" };
  const make = useMutation({
    mutationFn: (body: CrowdLinkRequest) => api.post<CrowdLink>(`studies/${study.slug}/crowd-links/`, body),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: crowdKey(study.slug) });
      onClose();
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    make.mutate({
      name: text("name"),
      id_parameter: text("id_parameter"),
      other_parameters: text("other_parameters")
        .split(/[\s,]+/)
        .filter(Boolean),
      rois_wanted: Number(text("rois_wanted")),
      completion_code: text("completion_code"),
      completion_url: text("completion_url"),
      max_people: Number(text("max_people")),
      purge_on: text("purge_on"),
    });
  }

  const input = (name: (typeof SHOWN)[number], label: string, hint: string, rest: Record<string, unknown> = {}) => (
    <Field label={label} hint={hint} errors={fieldErrors(make.error, name)}>
      {(control) => <input {...control} className="input" name={name} required {...rest} />}
    </Field>
  );

  return (
    <Dialog open wide title="New entry link" onClose={onClose}>
      <form onSubmit={submit}>
        <Field label="Platform">
          {(control) => (
            <select
              {...control}
              className="input"
              value={platform}
              onChange={(event) => setPlatform(event.target.value)}
            >
              {Object.entries(PLATFORMS).map(([key, { name }]) => (
                <option key={key} value={key}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
        <div key={platform} className="field-pair">
          {input("name", "Name", "For you: platform and batch.", { defaultValue: chosen.name, maxLength: 80 })}
          {input("rois_wanted", "ROIs to rate", "Then the code is shown.", {
            type: "number",
            min: 1,
            max: 10_000,
            defaultValue: 40,
          })}
          {input("id_parameter", "Parameter with the person's id", "As the platform names it in the address.", {
            defaultValue: chosen.id,
          })}
          {input("other_parameters", "Further parameters", "For the payment list; may be empty.", {
            defaultValue: chosen.others,
            required: false,
          })}
          {input("completion_code", "Completion code", "Made up when left empty.", { required: false, maxLength: 80 })}
          {input("completion_url", "Address to return to", "{code} stands for the code; may be empty.", {
            type: "text",
            defaultValue: chosen.back,
            required: false,
          })}
          {input("max_people", "People at most", "Then nobody new is let in.", {
            type: "number",
            min: 1,
            max: 100_000,
            defaultValue: 100,
          })}
          {input("purge_on", "Delete the platform's ids on", "After everybody is paid.", {
            type: "date",
            min: inDays(1),
            max: inDays(365),
            defaultValue: inDays(PURGE_DAYS),
          })}
        </div>
        <FormError error={make.error} shown={SHOWN} />
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={make.isPending}>
            Make the link
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
