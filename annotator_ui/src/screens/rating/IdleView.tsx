import { announceSession } from "../../api/session";
import type { Idle, SessionState } from "../../state/rating/sessionState";
import { Button, ButtonLink } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { Kbd } from "../shared/Kbd";
import { BreakView } from "./BreakView";

export interface IdleViewProps {
  idle: Idle;
  progress: SessionState["progress"];
  canUndo: boolean;
  onUndo: () => void;
  onRetry: () => void;
}

interface Words {
  title: string;
  text: string;
  retry?: string;
  /** There is something to do before rating. */
  steps?: true;
}

function wordsOf(idle: Exclude<Idle, { why: "loading" | "break" }>): Words {
  switch (idle.why) {
    case "nothing_left":
      return {
        title: "Nothing left to rate",
        text: "You have been through every region that is open to you. More may come: this page looks again every minute.",
        retry: "Look again",
      };
    case "network":
      return {
        title: "The server cannot be reached",
        text: "This page tries again by itself. What you have answered is kept on this device and will be sent.",
        retry: "Try now",
      };
    case "answers_wait":
      return {
        title: "Waiting for your answers to arrive",
        text: "The next region comes when the server has the answers that are kept on this device.",
        retry: "Try now",
      };
    case "signed_out":
      return { title: "Your log-in has run out", text: "Log in again to go on. Nothing is lost." };
    case "refused":
      return refusal(idle.code, idle.detail);
  }
}

function refusal(code: string, detail: string): Words {
  switch (code) {
    case "study_paused":
      return {
        title: "The study is paused",
        text: "Its admins give out no regions for the moment. All your answers are stored; this page looks again every minute.",
        retry: "Look again",
      };
    case "study_closed":
      return { title: "The study is closed", text: "Rating is over. All your answers are stored. Thank you!" };
    case "not_an_annotator":
      return {
        title: "You are not an annotator of this study",
        text: "Only annotators rate. An admin can give you that role among the study's members.",
      };
    case "annotator_excluded":
      return { title: "This study takes no further ratings from you", text: detail };
    case "qualification_required":
      return { title: "There is a step before rating", text: detail, steps: true };
    case "study_not_found":
      return {
        title: "There is no such study",
        text: "The address may be mistyped, or you are no member. An invite link makes you one.",
      };
    default:
      return { title: "No region could be opened", text: detail, retry: "Try again" };
  }
}

/** What stands in the place of an ROI when there is none: why, and what to do. */
export function IdleView({ idle, progress, canUndo, onUndo, onRetry }: IdleViewProps) {
  if (idle.why === "loading") return null;
  if (idle.why === "break") return <BreakView endsAt={idle.endsAt} rated={progress?.rated_today ?? 0} />;
  const { title, text, retry, steps } = wordsOf(idle);
  const done = progress !== null && progress.rated > 0 ? ` You have rated ${progress.rated} so far.` : "";
  return (
    <div className="rating-idle">
      <EmptyState title={title} text={text + (idle.why === "nothing_left" ? done : "")}>
        <div className="row rating-idle-actions">
          {idle.why === "signed_out" ? (
            <Button variant="primary" onClick={() => announceSession("signed_out")}>
              Log in again
            </Button>
          ) : null}
          {retry === undefined ? null : (
            <Button variant="primary" onClick={onRetry}>
              {retry}
            </Button>
          )}
          {canUndo ? (
            <Button aria-keyshortcuts="u" onClick={onUndo}>
              Undo last <Kbd>U</Kbd>
            </Button>
          ) : null}
          {steps === undefined ? null : (
            <ButtonLink to="../qualify" relative="path" variant="primary">
              To that step
            </ButtonLink>
          )}
          <ButtonLink to="/">To the studies</ButtonLink>
        </div>
      </EmptyState>
    </div>
  );
}
