import type { Assignment, MyProgress } from "../../api/types";
import type { SaveState } from "./drafts";
import type { FormState } from "./form";
import type { Values } from "./scales";

export interface Notice {
  /** New for every message, so that the same words are read out again. */
  id: number;
  text: string;
  tone: "neutral" | "warn";
}

/** Why there is no ROI to rate. */
export type Idle =
  | { why: "loading" }
  | { why: "nothing_left" }
  /** The network or the server is away; claiming goes on by itself. */
  | { why: "network" }
  | { why: "signed_out" }
  /** A break is due, by the study's rule; milliseconds since 1970. Claiming goes on by itself afterwards. */
  | { why: "break"; endsAt: number }
  /** The server holds back until it has the answers that wait here. */
  | { why: "answers_wait" }
  | { why: "refused"; code: string; detail: string };

export interface Current {
  assignment: Assignment;
  form: FormState;
  /** The answers revise a rating that was undone. */
  revises: boolean;
  saveState: SaveState;
  /** The answer is stored, and the model's view stands beside it; the form then holds a second thought. */
  reveal: Reveal | null;
}

/** Own levels as they were submitted, and the model's. */
export interface Reveal {
  mine: Values;
  model: Values;
}

export interface SessionState {
  current: Current | null;
  idle: Idle;
  progress: Pick<MyProgress, "rated" | "skipped" | "rated_today"> | null;
  /** Finished since the page was opened. */
  ratedHere: number;
  /** What undo would open; null when there is nothing. */
  undoable: string | null;
  undoing: boolean;
  paused: boolean;
  notice: Notice | null;
}

/** The state of a session and those who watch it. */
export class SessionStore {
  private readonly listeners = new Set<() => void>();
  private notices = 0;
  private state: SessionState = {
    current: null,
    idle: { why: "loading" },
    progress: null,
    ratedHere: 0,
    undoable: null,
    undoing: false,
    paused: false,
    notice: null,
  };

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  readonly getState = (): SessionState => this.state;

  set(change: Partial<SessionState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of [...this.listeners]) listener();
  }

  say(text: string, tone: Notice["tone"] = "neutral"): void {
    this.notices += 1;
    this.set({ notice: { id: this.notices, text, tone } });
  }
}
