import { useCallback, useRef } from "react";
import { DISTORTIONS } from "../../api/types";
import { type FormState, missingFields } from "../../state/rating/form";
import { FIELDS, type Field, SEVERITY_WORDS, sameValues } from "../../state/rating/scales";
import type { Reveal } from "../../state/rating/sessionState";
import { Button } from "../shared/Button";
import { Kbd } from "../shared/Kbd";
import { LevelRow } from "./LevelRow";

export interface RatingFormProps {
  form: FormState;
  /** False until the ROI can be seen: nobody rates what is not there. */
  ready: boolean;
  revises: boolean;
  /** The model's levels and the answer that is stored, when they stand beside each other. */
  reveal: Reveal | null;
  /** Whether missing answers are pointed out. */
  showMissing: boolean;
  onChoose: (field: Field, value: number) => void;
  onEnter: (field: Field) => void;
  onClean: () => void;
  onConfirm: () => void;
  onSkip: () => void;
  onUndo: (() => void) | null;
  undoing: boolean;
  onSubmit: () => void;
  /** Whether the person walks the form with Tab. */
  isTabbing: () => boolean;
}

/** The eight questions about one ROI, and what can be done with it. */
export function RatingForm(props: RatingFormProps) {
  const { form, ready, revises, reveal, showMissing, onChoose, onEnter, isTabbing } = props;
  const box = useRef<HTMLFieldSetElement>(null);
  const missing = missingFields(form);
  const model = reveal?.model ?? form.suggested;
  const takesFocus = useCallback(
    () => isTabbing() && box.current?.contains(document.activeElement) === true,
    [isTabbing],
  );

  const row = (field: Field, wordsInside: boolean) => (
    <LevelRow
      key={field}
      field={field}
      value={form.values[field]}
      model={model?.[field] ?? null}
      beside={reveal !== null}
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
        <div className="rating-bulk" data-wide={form.suggested !== undefined || undefined}>
          <Button
            aria-keyshortcuts="n"
            aria-pressed={form.bulkClean && DISTORTIONS.every((name) => form.values[name] === 5)}
            onClick={props.onClean}
          >
            No visible distortion <Kbd>N</Kbd>
          </Button>
          {form.suggested !== undefined ? (
            <Button aria-keyshortcuts="c" disabled={missing.length === 0} onClick={props.onConfirm}>
              {confirmWords(missing.length)} <Kbd>C</Kbd>
            </Button>
          ) : null}
        </div>
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
          {submitWords(props)} <Kbd>Enter</Kbd>
        </Button>
        <Button
          aria-keyshortcuts="x k"
          disabled={revises || reveal !== null}
          title={
            revises || reveal !== null
              ? "You have rated this ROI: its answers can be revised, not taken back."
              : undefined
          }
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

function submitWords({ form, revises, reveal }: RatingFormProps): string {
  if (reveal !== null) return sameValues(reveal.mine, form.values) ? "Keep my answer" : "Store my second thought";
  return revises ? "Submit revision" : "Submit";
}

function confirmWords(open: number): string {
  if (open === 0) return "All are yours";
  if (open === FIELDS.length) return "All are right";
  return open === 1 ? "The last one is right" : `The other ${open} are right`;
}
