import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import type { Release, ReleaseRequest, Study } from "../../api/types";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { FormError } from "./FormError";
import { useProgress, useRefreshStudy } from "./useStudy";
import { count } from "./words";

/** Says what a release will hold, takes a note, and freezes. */
export function FreezeDialog({ study, onClose }: { study: Study; onClose: () => void }) {
  const [note, setNote] = useState("");
  const [licence, setLicence] = useState("");
  const refresh = useRefreshStudy(study.slug);
  const freeze = useMutation({
    mutationFn: () =>
      api.post<Release>(`studies/${study.slug}/releases/`, {
        note: note.trim(),
        licence: licence.trim(),
      } satisfies ReleaseRequest),
    onSuccess: () => {
      refresh();
      onClose();
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    freeze.mutate();
  }

  return (
    <Dialog open title="Freeze a release" onClose={onClose}>
      <p>
        The present labels of the study, with the votes behind them, are copied under a number and a hash and never
        change again. Later ratings go into a later release.
      </p>
      <Holds study={study} />
      <form onSubmit={submit}>
        <Field
          label="Note (optional)"
          hint="Why this release is made, or what is new in it."
          errors={fieldErrors(freeze.error, "note")}
        >
          {(control) => (
            <textarea
              {...control}
              className="input"
              maxLength={2000}
              value={note}
              onChange={(event) => setNote(event.target.value)}
            />
          )}
        </Field>
        <Field
          label="Licence (optional)"
          hint="Under which terms the labels may be used. It stands in every export."
          errors={fieldErrors(freeze.error, "licence")}
        >
          {(control) => (
            <input
              {...control}
              className="input"
              maxLength={200}
              placeholder="CC BY 4.0"
              value={licence}
              onChange={(event) => setLicence(event.target.value)}
            />
          )}
        </Field>
        <FormError error={freeze.error} shown={["note", "licence"]} />
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={freeze.isPending}>
            Freeze
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Holds({ study }: { study: Study }) {
  const progress = useProgress(study.slug);
  if (progress.data === undefined) return null;
  const { complete, total } = progress.data.rois;
  const out = total - complete;
  return (
    <p className={out > 0 ? "note note-warn" : "note"}>
      It will hold {count(complete, "complete ROI")}.{" "}
      {out > 0
        ? `${count(out, "ROI that still lacks", "ROIs that still lack")} raters will be left out; the release says how many.`
        : "Nothing is left out."}
    </p>
  );
}
