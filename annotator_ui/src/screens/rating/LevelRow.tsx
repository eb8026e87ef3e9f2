import { useEffect, useId, useRef } from "react";
import { FIELD_LABELS, type Field, levelWords } from "../../state/rating/scales";

export interface LevelRowProps {
  field: Field;
  value: number | undefined;
  /** What a model says; null when nothing of one is shown. */
  model: number | null;
  /** The own answer is stored: the model's level stands beside it. */
  beside: boolean;
  isCurrent: boolean;
  /** Submitting was tried without this answer. */
  isMissed: boolean;
  /** The words stand in the buttons, not in a common header above them. */
  wordsInside: boolean;
  onChoose: (field: Field, value: number) => void;
  onEnter: (field: Field) => void;
  /** Asked when the row becomes the current one: whether the focus shall follow. */
  takesFocus: () => boolean;
}

/** One question: a radio group whose buttons show the digit that answers it. */
export function LevelRow(props: LevelRowProps) {
  const { field, value, model, beside, isCurrent, isMissed, wordsInside, onChoose, onEnter, takesFocus } = props;
  const id = useId();
  const group = useRef<HTMLDivElement>(null);
  const words = levelWords(field);
  const said = model === null ? undefined : words[model];
  const isUnconfirmed = said !== undefined && value === undefined;
  const own = value === undefined ? undefined : words[value];
  const chosen = isUnconfirmed ? `model: ${said}` : beside && model !== value ? `${own} · model: ${said}` : own;

  useEffect(() => {
    const row = group.current;
    if (!isCurrent || row === null) return;
    row.scrollIntoView?.({ block: "nearest" });
    if (row.contains(document.activeElement) || !takesFocus()) return;
    (row.querySelector<HTMLInputElement>("input:checked") ?? row.querySelector("input"))?.focus();
  }, [isCurrent, takesFocus]);

  return (
    <div
      ref={group}
      className={wordsInside ? "level-row level-row-words" : "level-row"}
      role="radiogroup"
      aria-labelledby={id}
      aria-required="true"
      aria-invalid={isMissed || undefined}
      data-current={isCurrent || undefined}
      data-unconfirmed={isUnconfirmed || undefined}
    >
      <div className="level-label">
        <span id={id}>{FIELD_LABELS[field]}</span>
        <span className="level-chosen">{chosen ?? (isMissed ? "no answer yet" : "")}</span>
      </div>
      <div className="level-tiles">
        {words.map((word, level) => (
          <label
            key={word}
            className="level-tile"
            title={level === model ? `${word}: the model's level` : word}
            data-model={level === model || undefined}
          >
            <input
              type="radio"
              name={id}
              value={level}
              checked={value === level}
              aria-keyshortcuts={String(level)}
              onChange={() => onChoose(field, level)}
              onFocus={() => onEnter(field)}
            />
            <span className="level-digit" aria-hidden="true">
              {level}
            </span>
            <span className={wordsInside ? "level-word" : "visually-hidden"}>{word}</span>
            {level === model ? <span className="visually-hidden">, the model's level</span> : null}
          </label>
        ))}
      </div>
    </div>
  );
}
