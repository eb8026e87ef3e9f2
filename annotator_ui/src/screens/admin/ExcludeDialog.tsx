import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import type { Exclusion, Study } from "../../api/types";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { FormError } from "./FormError";
import { useRefreshStudy } from "./useStudy";
import { VoteEffectView } from "./VoteEffectView";

/** Leaves an annotator's votes out of the labels; asks why, because somebody will want to know later. */
export function ExcludeDialog({
  study,
  annotator,
  onClose,
}: {
  study: Study;
  annotator: { member: string; username: string };
  onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  const refresh = useRefreshStudy(study.slug);
  const exclude = useMutation({
    mutationFn: () =>
      api.post(`studies/${study.slug}/members/${annotator.member}/exclude/`, {
        reason: reason.trim(),
      } satisfies Exclusion),
    onSuccess: () => {
      refresh();
      onClose();
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    exclude.mutate();
  }

  return (
    <Dialog open wide title={`Exclude ${annotator.username}`} onClose={onClose}>
      <p>
        Their votes no longer count: the labels of every ROI they rated are made again without them, and those ROIs ask
        for other raters. No rating is deleted, and you can include them again at any time.
      </p>
      <VoteEffectView study={study} member={annotator.member} />
      <form onSubmit={submit}>
        <Field
          label="Reason"
          hint="Kept with the study, for you and the other admins. Annotators do not see it."
          errors={fieldErrors(exclude.error, "reason")}
        >
          {(control) => (
            <textarea
              {...control}
              className="input"
              required
              maxLength={1000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <FormError error={exclude.error} shown={["reason"]} />
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="danger" busy={exclude.isPending} disabled={reason.trim() === ""}>
            Exclude
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
