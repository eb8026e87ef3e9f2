import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { Study } from "../../api/types";
import { useRefreshStudy } from "../admin/useStudy";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { ErrorNote, fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { useToast } from "../shared/Toast";
import { ComparisonView, nameOf, useComparison } from "./CompareModels";
import type { ModelVersion, PromoteRequest, Promotion } from "./types";

/** Asks whether the model is not worse than the one that serves; without a yes it takes a reason. */
export function PromoteDialog({
  study,
  model,
  serving,
  onClose,
}: {
  study: Study;
  model: ModelVersion;
  serving: ModelVersion | undefined;
  onClose: () => void;
}) {
  const [reason, setReason] = useState("");
  const comparison = useComparison(model.id, serving?.id ?? null);
  const refresh = useRefreshStudy(study.slug);
  const queries = useQueryClient();
  const toast = useToast();
  const promote = useMutation({
    mutationFn: () =>
      api.post<Promotion>(`model-versions/${model.id}/promote/`, {
        override_reason: reason.trim(),
      } satisfies PromoteRequest),
    onSuccess: () => {
      refresh();
      toast({ text: `${nameOf(model)} is promoted. Its suggestions are being computed.`, tone: "ok" });
      onClose();
    },
    // Somebody else may have promoted another one meanwhile.
    onError: () => queries.invalidateQueries({ queryKey: ["model-comparison", model.id] }),
  });
  const result = comparison.data?.state === "ready" ? comparison.data.comparison : null;
  const free = serving === undefined || result?.not_worse === true;

  function submit(event: FormEvent) {
    event.preventDefault();
    promote.mutate();
  }

  return (
    <Dialog open wide title={`Promote ${nameOf(model)}?`} onClose={onClose}>
      <p>
        From then on its suggestions are computed for this study's ROIs and replace those of{" "}
        {serving === undefined ? "nobody: no model is promoted now" : nameOf(serving)}. Rolling back is one click.
      </p>
      {serving === undefined ? null : <ComparisonView a={model} b={serving} />}
      <form onSubmit={submit}>
        {free ? null : (
          <Field
            label="Promote it anyway, because"
            hint="It was not shown to be as good as the one that serves. Your reason stands in the history of promotions and in the audit log."
            errors={fieldErrors(promote.error, "override_reason")}
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
        )}
        {promote.error && fieldErrors(promote.error, "override_reason").length === 0 ? (
          <ErrorNote error={withoutFields(promote.error)} />
        ) : null}
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant={free ? "primary" : "danger"} busy={promote.isPending}>
            {free ? "Promote" : "Promote anyway"}
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

/** The metrics that a refusal names stand in the comparison above. */
function withoutFields(error: unknown): unknown {
  return error instanceof ApiError
    ? new ApiError({ status: error.status, code: error.code, detail: error.message })
    : error;
}
