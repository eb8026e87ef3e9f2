import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import type { Study } from "../../api/types";
import { useRefreshStudy } from "../admin/useStudy";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { ErrorNote } from "../shared/ErrorNote";
import type { ModelVersion, ShippedRequest } from "./types";
import { useRunOptions } from "./useTraining";

const SHIPPED = "shipped:";

/** Takes a network that ships with the installation into the study; nothing where none ships. */
export function TakeShippedButton({ study, models }: { study: Study; models: readonly ModelVersion[] }) {
  const [open, setOpen] = useState(false);
  const options = useRunOptions(study.slug);
  const shipped = (options.data?.bases ?? []).filter(({ id }) => id.startsWith(SHIPPED));
  if (shipped.length === 0) return null;
  return (
    <>
      <Button onClick={() => setOpen(true)}>Take in a model that ships…</Button>
      {open ? (
        <TakeShippedDialog study={study} models={models} shipped={shipped} onClose={() => setOpen(false)} />
      ) : null}
    </>
  );
}

function TakeShippedDialog({
  study,
  shipped,
  onClose,
}: {
  study: Study;
  models: readonly ModelVersion[];
  shipped: readonly { id: string; title: string }[];
  onClose: () => void;
}) {
  const [chosen, setChosen] = useState(shipped[0]?.id ?? "");
  const refresh = useRefreshStudy(study.slug);
  const navigate = useNavigate();
  const take = useMutation({
    mutationFn: () =>
      api.post<ModelVersion>(`studies/${study.slug}/model-versions/`, {
        shipped: chosen.slice(SHIPPED.length),
      } satisfies ShippedRequest),
    onSuccess: async (model) => {
      refresh();
      onClose();
      await navigate(`/studies/${study.slug}/models/${model.id}`);
    },
  });
  return (
    <Dialog
      open
      title="Take in a model that ships"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={take.isPending} onClick={() => take.mutate()}>
            Take it in
          </Button>
        </>
      }
    >
      <p>
        Its weights become a model version of this study, which you can look at, compare, promote and fine-tune. Nothing
        is shown to annotators before you promote it.
      </p>
      <fieldset className="field choices">
        <legend className="visually-hidden">Model</legend>
        {shipped.map(({ id, title }) => (
          <label key={id} className="tick">
            <input type="radio" name="shipped" checked={chosen === id} onChange={() => setChosen(id)} />
            <span>{title}</span>
          </label>
        ))}
      </fieldset>
      {take.error ? <ErrorNote error={take.error} /> : null}
    </Dialog>
  );
}
