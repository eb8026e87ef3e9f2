import { useCallback, useRef } from "react";
import { DISTORTIONS } from "../../api/types";
import { type FormState, missingFields } from "../../state/rating/form";
import { FIELDS, type Field, SEVERITY_WORDS } from "../../state/rating/scales";
import { Button } from "../shared/Button";
import { Kbd } from "../shared/Kbd";
import { LevelRow } from "./LevelRow";

export interface RatingFormProps {
  form: FormState;
  /** False until the ROI can be seen: nobody rates what is not there. */
  ready: boolean;
  revises: boolean;
  /** Whether missing answers are pointed out. */
  showMissing: boolean;
  onChoose: (field: Field, value: number) => void;
  onEnter: (field: Field) => void;
  onClean: () => void;
  onSkip: () => void;
  onUndo: (() => void) | null;
  undoing: boolean;
  onSubmit: () => void;
  /** Whether the person walks the form with Tab. */
  isTabbing: () => boolean;
}

/** The eight questions about one ROI, and what can be done with it. */
export function RatingForm(props: RatingFormProps) {
  const { form, ready, revises, showMissing, onChoose, onEnter, isTabbing } = props;
  const box = useRef<HTMLFieldSetElement>(null);
  const missing = missingFields(form);
  const takesFocus = useCallback(
    () => isTabbing() && box.current?.contains(document.activeElement) === true,
    [isTabbing],
  );

  const row = (field: Field, wordsInside: boolean) => (
    <LevelRow
      key={field}
      field={field}
      value={form.values[field]}
      isCurrent={FIELDS[form.cursor] === field}
      isMissed={showMissing && form.values[field] === undefined}
      wordsInside={wordsInside}
      onChoose={onChoose}
      onEnter={onEnter}
      takesFocus={takesFocus}
    />
  );

  return (
    <>
      <fieldset ref={box} className="rating-questions" disabled={!ready} aria-busy={!ready}>
        <legend className="visually-hidden">Your rating of the outlined region</legend>
        <div className="severity-head" aria-hidden="true">
          <span>Distortions</span>
          {SEVERITY_WORDS.map((word) => (
            <span key={word}>{word === "nonexistent" ? "non\u00adexistent" : word}</span>
          ))}
        </div>
        <div className="severity-rows">{DISTORTIONS.map((field) => row(field, false))}</div>
        <Button
          className="rating-clean"
          aria-keyshortcuts="n"
          aria-pressed={form.bulkClean && DISTORTIONS.every((name) => form.values[name] === 5)}
          onClick={props.onClean}
        >
          No visible distortion <Kbd>N</Kbd>
        </Button>
        <div className="scale-rows">
          {row("quality", true)}
          {row("importance", true)}
        </div>
      </fieldset>
      <div className="rating-actions">
        <Button
          variant="primary"
          className={missing.length === 0 ? "rating-submit rating-submit-ready" : "rating-submit"}
          aria-keyshortcuts="Enter"
          disabled={!ready}
          onClick={props.onSubmit}
        >
          {revises ? "Submit revision" : "Submit"} <Kbd>Enter</Kbd>
        </Button>
        <Button
          aria-keyshortcuts="x k"
          disabled={revises}
          title={revises ? "You have rated this ROI: its answers can be revised, not taken back." : undefined}
          onClick={props.onSkip}
        >
          Cannot judge <Kbd>X</Kbd>
        </Button>
        <Button
          aria-keyshortcuts="u"
          disabled={props.onUndo === null}
          busy={props.undoing}
          onClick={props.onUndo ?? undefined}
        >
          Undo last <Kbd>U</Kbd>
        </Button>
      </div>
    </>
  );
}
