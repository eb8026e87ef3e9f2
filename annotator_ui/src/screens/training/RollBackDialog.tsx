import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import type { Study } from "../../api/types";
import { FormError } from "../admin/FormError";
import { useRefreshStudy } from "../admin/useStudy";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { useToast } from "../shared/Toast";
import type { Promotion, RollBackRequest } from "./types";

/** Lets the model that served before serve again. */
export function RollBackDialog({ study, onClose }: { study: Study; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const refresh = useRefreshStudy(study.slug);
  const toast = useToast();
  const rollBack = useMutation({
    mutationFn: () =>
      api.post<Promotion>(`studies/${study.slug}/promotions/roll-back/`, {
        reason: reason.trim(),
      } satisfies RollBackRequest),
    onSuccess: (now) => {
      refresh();
      toast({
        text: now.model === null ? "No model suggests now." : "The model that served before suggests again.",
        tone: "ok",
      });
      onClose();
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    rollBack.mutate();
  }

  return (
    <Dialog open title="Roll back?" onClose={onClose}>
      <p>
        The model that was promoted before this one suggests again at once: its suggestions are kept. If there was none,
        annotators rate without suggestions. Votes that were given meanwhile keep what was shown with them.
      </p>
      <form onSubmit={submit}>
        <Field
          label="Why"
          hint="It stands in the history of promotions."
          errors={fieldErrors(rollBack.error, "reason")}
        >
          {(control) => (
            <textarea
              {...control}
              className="input"
              required
              maxLength={2000}
              value={reason}
              onChange={(event) => setReason(event.target.value)}
            />
          )}
        </Field>
        <FormError error={rollBack.error} shown={["reason"]} />
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="danger" busy={rollBack.isPending}>
            Roll back
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
