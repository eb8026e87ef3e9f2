import { useCallback, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type { Assignment, SkipReason, Study } from "../../api/types";
import { ImageStage, type StageHandle, type ViewportReport } from "../../canvas/ImageStage";
import type { FormAction } from "../../state/rating/form";
import type { Command } from "../../state/rating/keyboard";
import { outlineOf } from "../../state/rating/outlines";
import { FIELD_LABELS, FIELDS, type Field, levelWords } from "../../state/rating/scales";
import type { Current, SessionState } from "../../state/rating/sessionState";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { Kbd } from "../shared/Kbd";
import { BreakNote } from "./BreakNote";
import { GuideDrawer } from "./GuideDrawer";
import { IdleView } from "./IdleView";
import { ModelNote } from "./ModelNote";
import { RatingForm } from "./RatingForm";
import { RatingSkeleton } from "./RatingSkeleton";
import { SendStatus } from "./SendStatus";
import { SkipDialog } from "./SkipDialog";
import { StageBar } from "./StageBar";
import { useRatingKeys } from "./useRatingKeys";
import type { OpenSession } from "./useSession";

/** CSS pixels by which a key moves the image. */
const PAN_STEP = 80;

const SAVE_WORDS = { saved: "Saved", saving: "Saving …", on_device: "On this device" } as const;

function ProgressLine({ state }: { state: SessionState }) {
  const { progress, ratedHere, current } = state;
  return (
    <p className="rating-progress numeric">
      {progress === null ? null : (
        <>
          <span>
            <strong>{progress.rated}</strong> rated
          </span>
          <span>
            <strong>{progress.rated_today}</strong> today
          </span>
        </>
      )}
      <span>
        <strong>{ratedHere}</strong> this session
      </span>
      <span className="rating-saved" data-testid="save-state">
        {current === null || current.reveal !== null || Object.keys(current.form.values).length === 0
          ? ""
          : SAVE_WORDS[current.saveState]}
      </span>
    </p>
  );
}

function Picture({
  assignment,
  outlineHidden,
  onReport,
  onShown,
  ref,
}: {
  assignment: Assignment;
  outlineHidden: boolean;
  onReport: (report: ViewportReport) => void;
  onShown: (assignment: string) => void;
  ref: React.Ref<StageHandle>;
}) {
  const { roi, image } = assignment;
  const { loops, box } = outlineOf(roi);
  const outlines = useMemo(() => [{ id: roi.id, loops, emphasis: "normal" as const }], [roi.id, loops]);
  return (
    <ImageStage
      ref={ref}
      image={{ url: image.file_url, width: image.width, height: image.height }}
      label={`Image with one outlined ${roi.level}`}
      outlines={outlines}
      outlineHidden={outlineHidden}
      focusBox={box}
      onViewport={onReport}
      onLoaded={() => onShown(image.file_url)}
    />
  );
}

/** The page at work: image, form, guide and what became of the answers. */
export function RatingDesk({ session, outbox, study }: OpenSession & { study: Study | null }) {
  const state = useSyncExternalStore(session.subscribe, session.getState);
  const stage = useRef<StageHandle>(null);
  const [view, setView] = useState<ViewportReport | null>(null);
  const [loadedUrl, setLoadedUrl] = useState<string | null>(null);
  const [outlineHidden, setOutlineHidden] = useState(false);
  const [guideOpen, setGuideOpen] = useState(false);
  const [skipping, setSkipping] = useState(false);
  /** The assignment whose missing answers were pointed out. */
  const [checked, setChecked] = useState<string | null>(null);
  const { current, paused } = state;
  const ready = current !== null && loadedUrl === current.assignment.image.file_url && !paused;

  const hide = useCallback(
    (hidden: boolean) => {
      setOutlineHidden(hidden);
      session.setOutlineHidden(hidden);
    },
    [session],
  );

  const { lastInput, tabbing } = useRatingKeys(onCommand, hide);
  const isTabbing = useCallback(() => tabbing.current, [tabbing]);

  const act = (action: FormAction) => {
    if (ready) session.dispatch(action, lastInput.current);
  };

  function submit() {
    if (!ready) return;
    setChecked(current.assignment.id);
    void session.submit(lastInput.current);
  }

  function skip(reason: SkipReason, note: string) {
    setSkipping(false);
    void session.skip(reason, note);
  }

  function pan(dx: number, dy: number) {
    const step = PAN_STEP * window.devicePixelRatio;
    // The arrow names the direction in which one looks: the image moves the other way.
    stage.current?.panBy(-dx * step, -dy * step);
  }

  function onCommand(command: Command) {
    switch (command.type) {
      case "digit":
      case "row":
      case "step":
      case "clean":
      case "confirm":
        return act(command);
      case "submit":
        return submit();
      case "skip":
        if (current !== null && !current.revises && current.reveal === null) setSkipping(true);
        return;
      case "undo":
        return void session.undo();
      case "guide":
        return setGuideOpen((open) => !open);
      case "close":
        return setGuideOpen(false);
      case "pause":
        return session.setPaused(true);
      case "zoom":
        return stage.current?.zoomBy(command.by);
      case "pan":
        return pan(command.dx, command.dy);
    }
  }

  function onReport(report: ViewportReport) {
    setView(report);
    session.viewed({
      zoom: report.zoom,
      pan_x: report.pan_x,
      pan_y: report.pan_y,
      width: report.viewport_width_px,
      height: report.viewport_height_px,
      dpr: report.dpr,
    });
  }

  if (current === null && state.idle.why === "loading") return <RatingSkeleton />;
  const undo = state.undoable === null ? null : () => void session.undo();
  if (current === null) {
    return (
      <div className="rating-away">
        <h1 className="visually-hidden">{study?.title ?? "Rate"}</h1>
        <SendStatus outbox={outbox} />
        <IdleView
          idle={state.idle}
          progress={state.progress}
          canUndo={undo !== null}
          onUndo={() => void session.undo()}
          onRetry={() => void session.retry()}
        />
        <Notice state={state} />
      </div>
    );
  }

  return (
    <div className="rating" data-guide={guideOpen || undefined}>
      {guideOpen ? (
        <GuideDrawer
          field={FIELDS[current.form.cursor] ?? "exposure"}
          text={study?.guide_text ?? ""}
          onClose={() => setGuideOpen(false)}
        />
      ) : null}
      <div className="rating-view">
        <div className="rating-stage">
          <Picture
            ref={stage}
            assignment={current.assignment}
            outlineHidden={outlineHidden}
            onReport={onReport}
            onShown={(url) => {
              setLoadedUrl(url);
              session.shown();
            }}
          />
        </div>
        <StageBar
          zoom={view?.zoom ?? null}
          onZoom={(steps) => stage.current?.zoomBy(steps)}
          outlineHidden={outlineHidden}
          onHide={hide}
          guideOpen={guideOpen}
          onGuide={() => setGuideOpen((open) => !open)}
          onPause={() => session.setPaused(true)}
        />
      </div>
      <section className="rating-panel" aria-label="Your rating">
        <div className="rating-head">
          <div className="rating-title">
            <h1>{study?.title ?? "Rate"}</h1>
            {study?.simulated ? <Badge tone="warn">simulated ratings</Badge> : null}
            <Badge>{current.assignment.roi.level}</Badge>
          </div>
          <ProgressLine state={state} />
        </div>
        <SendStatus outbox={outbox} />
        <BreakNote ratedHere={state.ratedHere} onPause={() => session.setPaused(true)} />
        <ModelNote current={current} />
        <RatingForm
          form={current.form}
          ready={ready}
          revises={current.revises}
          reveal={current.reveal}
          showMissing={checked === current.assignment.id}
          onChoose={(field: Field, value: number) => act({ type: "choose", field, value })}
          onEnter={(field: Field) => act({ type: "goto", field })}
          onClean={() => act({ type: "clean" })}
          onConfirm={() => act({ type: "confirm" })}
          onSkip={() => setSkipping(true)}
          onUndo={current.revises || current.reveal !== null ? null : undo}
          undoing={state.undoing}
          onSubmit={submit}
          isTabbing={isTabbing}
        />
        <Notice state={state} />
        <Spoken current={current} />
        <p className="rating-keys muted">
          <span>
            <Kbd>0</Kbd>…<Kbd>5</Kbd> answer
          </span>
          <span>
            <Kbd>↑</Kbd>
            <Kbd>↓</Kbd> row
          </span>
          <span>
            <Kbd>←</Kbd>
            <Kbd>→</Kbd> level
          </span>
          <span>
            <Kbd>Shift</Kbd>+arrows move image
          </span>
        </p>
      </section>
      {skipping ? <SkipDialog onSkip={skip} onClose={() => setSkipping(false)} /> : null}
      <Dialog
        open={paused}
        title="Paused"
        onClose={() => session.setPaused(false)}
        footer={
          <Button variant="primary" onClick={() => session.setPaused(false)}>
            Go on
          </Button>
        }
      >
        <p>Everything you have answered is stored. Come back whenever you like; you may close this page too.</p>
      </Dialog>
    </div>
  );
}

/** The last message, read out when it comes. */
function Notice({ state }: { state: SessionState }) {
  const { notice } = state;
  return (
    <div className="rating-notice" role="status" aria-live="polite">
      {notice === null ? null : (
        <p key={notice.id} className={`rating-notice-${notice.tone}`}>
          {notice.text}
        </p>
      )}
    </div>
  );
}

/** What the last key did, for those who do not see the form. */
function Spoken({ current }: { current: Current }) {
  const field = FIELDS[current.form.cursor] ?? "exposure";
  const value = current.form.values[field];
  return (
    <p className="visually-hidden" aria-live="polite">
      {FIELD_LABELS[field]}: {value === undefined ? "no answer yet" : levelWords(field)[value]}
    </p>
  );
}
