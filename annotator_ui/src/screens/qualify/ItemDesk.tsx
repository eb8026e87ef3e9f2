import "../rating/rating.css";
import "../rating/levels.css";
import "../rating/screens.css";
import { type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { DISTORTIONS, type Levels, type QuizItem } from "../../api/types";
import { ImageStage, type StageHandle } from "../../canvas/ImageStage";
import { EMPTY_FORM, type FormAction, formReducer, missingFields } from "../../state/rating/form";
import type { Command } from "../../state/rating/keyboard";
import { outlineOf } from "../../state/rating/outlines";
import { answersOf, FIELD_LABELS, FIELDS, type Field, SEVERITY_WORDS } from "../../state/rating/scales";
import { LevelRow } from "../rating/LevelRow";
import { useRatingKeys } from "../rating/useRatingKeys";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { Kbd } from "../shared/Kbd";

/** CSS pixels by which a key moves the image. */
const PAN_STEP = 80;

/** One item of training or quiz: the picture as in rating, the same eight questions, and nothing of what rating keeps. */
export function ItemDesk({
  item,
  title,
  progress,
  action,
  busy,
  feedback,
  onAnswer,
  onNext,
  note,
}: {
  item: Pick<QuizItem, "id" | "roi" | "image">;
  title: string;
  progress: string;
  action: string;
  busy: boolean;
  /** What stands in place of the form once it is answered. */
  feedback: ReactNode;
  onAnswer: (levels: Levels) => void;
  onNext: () => void;
  note: ReactNode;
}) {
  const [form, setForm] = useState(EMPTY_FORM);
  const [checked, setChecked] = useState(false);
  const [seen, setSeen] = useState<string | null>(null);
  const [hidden, setHidden] = useState(false);
  const [zoom, setZoom] = useState(1);
  const stage = useRef<StageHandle>(null);
  const { roi, image } = item;
  const { loops, box } = outlineOf(roi);
  const outlines = useMemo(() => [{ id: roi.id, loops, emphasis: "normal" as const }], [roi.id, loops]);
  const ready = seen === image.file_url && !busy && feedback === null;
  const missing = missingFields(form);

  const act = (step: FormAction) => {
    if (ready) setForm((before) => formReducer(before, step));
  };

  function submit() {
    if (feedback !== null) return onNext();
    if (!ready) return;
    const answers = answersOf(form.values);
    if (answers === null) {
      setChecked(true);
      const [first] = missing;
      if (first !== undefined) act({ type: "goto", field: first });
      return;
    }
    onAnswer({ ...answers.distortions, quality: answers.quality, importance: answers.importance });
  }

  function onCommand(command: Command) {
    if (command.type === "digit" || command.type === "row" || command.type === "step" || command.type === "clean") {
      return act(command);
    }
    if (command.type === "submit") return submit();
    if (command.type === "zoom") return stage.current?.zoomBy(command.by);
    if (command.type === "pan") {
      const step = PAN_STEP * window.devicePixelRatio;
      stage.current?.panBy(-command.dx * step, -command.dy * step);
    }
  }

  const { tabbing } = useRatingKeys(onCommand, setHidden);
  const takesFocus = useCallback(() => tabbing.current, [tabbing]);

  const row = (field: Field, wordsInside: boolean) => (
    <LevelRow
      key={field}
      field={field}
      value={form.values[field]}
      model={null}
      beside={false}
      isCurrent={FIELDS[form.cursor] === field}
      isMissed={checked && form.values[field] === undefined}
      wordsInside={wordsInside}
      onChoose={(name, value) => act({ type: "choose", field: name, value })}
      onEnter={(name) => act({ type: "goto", field: name })}
      takesFocus={takesFocus}
    />
  );

  return (
    <div className="rating qualify-desk">
      <div className="rating-view">
        <div className="rating-stage">
          <ImageStage
            ref={stage}
            image={{ url: image.file_url, width: image.width, height: image.height }}
            label={`Image with one outlined ${roi.level}`}
            outlines={outlines}
            outlineHidden={hidden}
            focusBox={box}
            onViewport={(report) => setZoom(report.zoom)}
            onLoaded={() => setSeen(image.file_url)}
          />
        </div>
        <div className="stage-bar" role="toolbar" aria-label="Image">
          <Button small aria-label="Zoom out" disabled={zoom === 1} onClick={() => stage.current?.zoomBy(-1)}>
            <Kbd>−</Kbd>
          </Button>
          <output className="numeric" aria-label="Zoom">
            {zoom}×
          </output>
          <Button small aria-label="Zoom in" onClick={() => stage.current?.zoomBy(1)}>
            <Kbd>+</Kbd>
          </Button>
          <Button small aria-pressed={hidden} onClick={() => setHidden((before) => !before)}>
            Hide outline <Kbd>H</Kbd>
          </Button>
        </div>
      </div>
      <section className="rating-panel" aria-label={title}>
        <div className="rating-head">
          <div className="rating-title">
            <h2>{title}</h2>
            <Badge>{roi.level}</Badge>
          </div>
          <p className="rating-progress numeric">{progress}</p>
        </div>
        {note}
        {feedback ?? (
          <fieldset className="rating-questions" disabled={!ready} aria-busy={!ready}>
            <legend className="visually-hidden">Your rating of the outlined region</legend>
            <div className="severity-head" aria-hidden="true">
              <span>Distortions</span>
              {SEVERITY_WORDS.map((word) => (
                <span key={word}>{word === "nonexistent" ? "non\u00adexistent" : word}</span>
              ))}
            </div>
            <div className="severity-rows">{DISTORTIONS.map((field) => row(field, false))}</div>
            <Button className="rating-clean" aria-keyshortcuts="n" onClick={() => act({ type: "clean" })}>
              No visible distortion <Kbd>N</Kbd>
            </Button>
            <div className="scale-rows">
              {row("quality", true)}
              {row("importance", true)}
            </div>
          </fieldset>
        )}
        <p className="visually-hidden" role="status">
          {checked && missing[0] !== undefined ? `${FIELD_LABELS[missing[0]]} has no answer yet.` : ""}
        </p>
        <div className="rating-actions">
          <Button
            variant="primary"
            className={
              feedback !== null || missing.length === 0 ? "rating-submit rating-submit-ready" : "rating-submit"
            }
            busy={busy}
            onClick={submit}
          >
            {action} <Kbd>Enter</Kbd>
          </Button>
        </div>
      </section>
    </div>
  );
}
