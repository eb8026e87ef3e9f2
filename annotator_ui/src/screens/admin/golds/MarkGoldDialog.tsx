import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../../api/client";
import type { Gold, ROIProgressRow, Study } from "../../../api/types";
import { FIELD_LABELS, FIELDS, levelWords } from "../../../state/rating/scales";
import { Button } from "../../shared/Button";
import { Dialog } from "../../shared/Dialog";
import { ErrorNote } from "../../shared/ErrorNote";
import { useToast } from "../../shared/Toast";
import { type Accepted, markOf, toggled } from "./golds";
import { ROIPicker } from "./ROIPicker";
import { useRefreshGolds } from "./useGolds";

/** Make an ROI that nobody has rated a gold: choose it, then the levels that pass. */
export function MarkGoldDialog({ study, onClose }: { study: Study; onClose: () => void }) {
  const [roi, setROI] = useState<ROIProgressRow | null>(null);
  const [chosen, setChosen] = useState<Accepted>({});
  const refresh = useRefreshGolds(study.slug);
  const toast = useToast();
  const body = markOf(roi?.roi ?? "", chosen);
  const mark = useMutation({
    mutationFn: () => api.post<Gold>(`studies/${study.slug}/golds/mark/`, body),
    onSuccess: () => {
      refresh();
      toast({ text: "The ROI is a gold now.", tone: "ok" });
      onClose();
    },
  });
  const checks = Object.keys(body.accepted).length;
  return (
    <Dialog
      open
      wide
      title="Mark a gold by hand"
      onClose={onClose}
      footer={
        <>
          <Button onClick={roi === null ? onClose : () => setROI(null)}>{roi === null ? "Cancel" : "Back"}</Button>
          <Button
            variant="primary"
            busy={mark.isPending}
            disabled={roi === null || checks === 0}
            onClick={() => mark.mutate()}
          >
            Mark as gold
          </Button>
        </>
      }
    >
      {roi === null ? (
        <>
          <p className="muted small">
            Choose a region that nobody has rated. It leaves the queue: its answers check people and make no label.
          </p>
          <ROIPicker
            study={study}
            state="untouched"
            chosen={new Set()}
            type="radio"
            empty="Every ROI has ratings already. Draw a new one, or make golds from pristine regions."
            onToggle={setROI}
          />
        </>
      ) : (
        <>
          <p className="muted small">
            {roi.name || "The region"} in {roi.file_name}: tick the levels that pass. A scale without ticks, or with all
            of them, is not checked. Leave room: careful people differ by a level.
          </p>
          {FIELDS.map((field) => (
            <fieldset key={field} className="row gold-levels">
              <legend className="field-label">{FIELD_LABELS[field]}</legend>
              {levelWords(field).map((word, level) => (
                <label key={word} className="tick">
                  <input
                    type="checkbox"
                    checked={chosen[field]?.includes(level) ?? false}
                    onChange={() => setChosen(toggled(chosen, field, level))}
                  />
                  <span>{word}</span>
                </label>
              ))}
            </fieldset>
          ))}
        </>
      )}
      {mark.error ? <ErrorNote error={mark.error} /> : null}
    </Dialog>
  );
}
