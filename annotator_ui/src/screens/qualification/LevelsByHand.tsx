import { useId, useState } from "react";
import type { TrainingItemRequest } from "../../api/types";
import { FIELD_LABELS, FIELDS, type Field, levelWords, type Values } from "../../state/rating/scales";
import { Button } from "../shared/Button";

/** A level for each scale that the item shall judge; others are left open. */
export function LevelsByHand({
  start,
  busy,
  onDone,
}: {
  start: Readonly<Record<string, number>>;
  busy: boolean;
  onDone: (levels: NonNullable<TrainingItemRequest["reference"]>) => void;
}) {
  const [levels, setLevels] = useState<Values>(() => ({ ...start }) as Values);
  const id = useId();
  const choose = (field: Field, text: string) =>
    setLevels((before) => {
      const { [field]: _, ...others } = before;
      return text === "" ? others : { ...others, [field]: Number(text) };
    });
  const enough = FIELDS.some((field) => field !== "importance" && levels[field] !== undefined);
  return (
    <div className="levels-by-hand">
      {FIELDS.map((field) => (
        <span key={field} className="choice">
          <label htmlFor={`${id}${field}`}>{FIELD_LABELS[field]}</label>
          <select
            id={`${id}${field}`}
            className="input"
            value={levels[field] ?? ""}
            onChange={(event) => choose(field, event.target.value)}
          >
            <option value="">not judged</option>
            {levelWords(field).map((word, level) => (
              <option key={word} value={level}>
                {word}
              </option>
            ))}
          </select>
        </span>
      ))}
      <Button small variant="primary" busy={busy} disabled={!enough} onClick={() => onDone(levels)}>
        Take with these levels
      </Button>
    </div>
  );
}
