import { type FormEvent, useState } from "react";
import type { SkipReason } from "../../api/types";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { Field } from "../shared/Field";

const REASONS: readonly (readonly [reason: SkipReason, words: string, means: string])[] = [
  ["too_small", "Too small to judge", "The region is too small to see its quality."],
  ["mask_wrong", "The outline is wrong", "It does not follow one thing, or follows it badly."],
  ["image_broken", "The image is broken", "It does not load, or is damaged."],
  ["other", "Another reason", "Say which below."],
];

/** Asks why an ROI cannot be judged. It counts as no rating, and somebody else gets the ROI. */
export function SkipDialog({
  onSkip,
  onClose,
}: {
  onSkip: (reason: SkipReason, note: string) => void;
  onClose: () => void;
}) {
  const [reason, setReason] = useState<SkipReason | null>(null);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    if (reason === null) return;
    onSkip(reason, String(new FormData(event.currentTarget).get("note") ?? "").trim());
  }

  return (
    <Dialog open title="Why can this region not be judged?" onClose={onClose}>
      <form onSubmit={submit}>
        <div className="skip-reasons" role="radiogroup" aria-label="Reason">
          {REASONS.map(([value, words, means]) => (
            <label key={value} className="skip-reason">
              <input
                type="radio"
                name="reason"
                value={value}
                required
                checked={reason === value}
                onChange={() => setReason(value)}
              />
              <span>
                {words}
                <span className="muted small">{means}</span>
              </span>
            </label>
          ))}
        </div>
        <Field label="Note" hint="Optional; the study's admins read it.">
          {(control) => <textarea {...control} className="input" name="note" maxLength={500} rows={2} />}
        </Field>
        <div className="dialog-footer">
          <Button onClick={onClose}>Back to the form</Button>
          <Button type="submit" variant="primary" disabled={reason === null}>
            Cannot judge: next ROI
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
