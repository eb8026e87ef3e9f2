import { ApiError } from "../../api/errors";
import type { Assignment } from "../../api/types";
import type { Drafts, OpenedDraft } from "./drafts";
import type { Outbox } from "./outbox";
import type { RatingServer } from "./server";
import type { SessionStore } from "./sessionState";

export interface Held {
  assignment: Assignment;
  opening: Promise<OpenedDraft>;
}

export interface ClaimsOptions {
  study: string;
  server: RatingServer;
  outbox: Outbox;
  drafts: Drafts;
  state: SessionStore;
  /** Starts loading what the assignment needs to be seen. */
  prefetch: (assignment: Assignment) => void;
  /** Puts the first held ROI on the screen. */
  show: () => Promise<void>;
  /** Milliseconds since 1970. */
  now: () => number;
}

/** What the page holds: the ROI on screen and the next one. */
const HELD = 2;
const CLAIM_RETRY_MS = 5_000;
/** Asked for again so long after a break should be over: the server's clock decides. */
const BREAK_SLACK_MS = 500;

/** The ROIs that this tab has claimed: the one on screen first, then the one that is loaded ahead. */
export class Claims {
  private readonly options: ClaimsOptions;
  private readonly held: Held[] = [];
  private filling: Promise<void> | null = null;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private stopped = false;

  constructor(options: ClaimsOptions) {
    this.options = options;
  }

  get first(): Held | undefined {
    return this.held[0];
  }

  get all(): readonly Held[] {
    return [...this.held];
  }

  /** Place of the assignment, 0 for the one on screen; -1 when it is not held. */
  indexOf(assignment: string): number {
    return this.held.findIndex((entry) => entry.assignment.id === assignment);
  }

  drop(index: number): void {
    this.held.splice(index, 1);
  }

  /** Done when no claim is under way. */
  async settled(): Promise<void> {
    await this.filling;
  }

  /** Claims no more. The ROI that nobody has seen yet is given back; the one on screen keeps its lease. */
  stop(): void {
    this.stopped = true;
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    for (const { assignment, opening } of this.held.slice(1)) {
      void opening.then(async ({ values }) => {
        const isUntouched = assignment.previous_rating === null && Object.keys(values).length === 0;
        if (isUntouched) await this.options.server.release(assignment.id).catch(() => undefined);
      });
    }
  }

  /** Claims until the page holds the ROI on screen and the next one. */
  fill(): Promise<void> {
    this.filling ??= this.claimAll().finally(() => {
      this.filling = null;
    });
    return this.filling;
  }

  private async claimAll(): Promise<void> {
    const { server, outbox, study } = this.options;
    while (!this.stopped && this.held.length < HELD) {
      const unsent = outbox.getState().waiting.filter((item) => item.study === study);
      // On the server these are claims still; nobody is given a third one.
      if (this.held.length > 0 && this.held.length + unsent.length >= HELD) break;
      const holding = [...this.held.map(({ assignment }) => assignment.id), ...unsent.map((item) => item.assignment)];
      try {
        const assignment = await server.claim(study, holding.slice(-8));
        if (assignment === null) {
          if (this.held.length === 0) this.options.state.set({ idle: { why: "nothing_left" } });
          break;
        }
        if (this.stopped || holding.includes(assignment.id) || outbox.isWaiting(assignment.id)) break;
        this.hold(assignment);
        if (this.held.length === 1) await this.options.show();
      } catch (error) {
        this.claimFailed(error);
        break;
      }
    }
  }

  /** Takes the assignment in, as the next one or as the one on screen. */
  hold(assignment: Assignment, first = false): void {
    this.options.prefetch(assignment);
    const entry = { assignment, opening: this.options.drafts.open(assignment) };
    if (first) this.held.unshift(entry);
    else this.held.push(entry);
  }

  private claimFailed(error: unknown): void {
    if (!(error instanceof ApiError)) throw error;
    const needed = this.held.length === 0;
    if (error.isSignedOut) {
      if (needed) this.options.state.set({ idle: { why: "signed_out" } });
      return;
    }
    if (error.isTransient || error.code === "csrf_failed") {
      if (needed) this.options.state.set({ idle: { why: "network" } });
      this.retryLater();
    } else if (error.code === "enough_claimed") {
      if (needed) this.options.state.set({ idle: { why: "answers_wait" } });
      this.retryLater();
    } else if (error.code === "break_due") {
      // The one on screen can be finished; the break counts from its answer.
      if (!needed) return;
      const waitMs = secondsOf(error.body) * 1000;
      this.options.state.set({ idle: { why: "break", endsAt: this.options.now() + waitMs } });
      this.retryLater(waitMs + BREAK_SLACK_MS);
    } else if (needed) {
      this.options.state.set({ idle: { why: "refused", code: error.code, detail: error.message } });
    }
  }

  private retryLater(waitMs = CLAIM_RETRY_MS): void {
    if (this.stopped) return;
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    this.retryTimer = setTimeout(() => void this.fill(), waitMs);
  }
}

/** What is left of a break, from the refusal's body; a minute when it does not say. */
function secondsOf(body: unknown): number {
  const seconds = typeof body === "object" && body !== null && "seconds" in body ? body.seconds : null;
  return typeof seconds === "number" && seconds >= 0 ? seconds : 60;
}
