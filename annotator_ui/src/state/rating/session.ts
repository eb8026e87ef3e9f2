import { ApiError } from "../../api/errors";
import type { Assignment, Rating, RatingSubmission, SkipReason } from "../../api/types";
import { Claims } from "./claims";
import { type DraftEvents, Drafts, type SaveState } from "./drafts";
import { EMPTY_FORM, type FormAction, formReducer, missingFields, openForm } from "./form";
import { newUUID } from "./identity";
import type { Outbox, OutboxItem } from "./outbox";
import { replyTo } from "./reply";
import { answersOf, FIELD_LABELS, FIELDS, sameValues, type Values, valuesOf } from "./scales";
import type { RatingServer } from "./server";
import { type Notice, type SessionState, SessionStore } from "./sessionState";
import type { LocalStore } from "./storage";
import { type Clock, type InputKind, Recorder, type ScreenFacts, type ViewSample } from "./telemetry";

export interface SessionOptions {
  study: string;
  user: string;
  /** Names this tab. */
  writer: string;
  server: RatingServer;
  store: LocalStore;
  outbox: Outbox;
  clock: Clock;
  screen: ScreenFacts | null;
  /** Starts loading what the assignment needs to be seen. */
  prefetch: (assignment: Assignment) => void;
  isVisible: () => boolean;
  /** Whether the study shows a model's view after the own answer. */
  reveals: () => boolean;
  /** Told of every ROI that was finished here, for the other tabs. */
  finished?: (assignment: string) => void;
}

const UNDO_WAIT_MS = 15_000;
/** A second thought is tried so often, with so long a pause; the answer that counts is stored already. */
const THOUGHT_TRIES = 4;
const THOUGHT_PAUSE_MS = 3_000;
/** A person who has not touched the page for so long is away: the lease is left to run out. */
const AWAY_MS = 10 * 60_000;

/** One person rating one study in one tab: what is on screen, what comes next, and what became of it. */
export class RatingSession {
  private readonly options: SessionOptions;
  private readonly drafts: Drafts;
  private readonly claims: Claims;
  private readonly store = new SessionStore();
  private recorder: Recorder | null = null;
  private lastView: Omit<ViewSample, "ms"> | null = null;
  private advancing: Promise<void> | null = null;
  private usedAt: number;
  private stopped = false;
  private readonly stopListening: () => void;

  constructor(options: SessionOptions) {
    this.options = options;
    const events: DraftEvents = {
      saveState: (assignment, saveState) => this.setSaveState(assignment, saveState),
      replaced: (assignment, values, bulkClean) => this.replaceForm(assignment, values, bulkClean),
    };
    const now = () => options.clock.date().getTime();
    this.drafts = new Drafts({ ...options, events, now });
    this.claims = new Claims({ ...options, drafts: this.drafts, state: this.store, show: () => this.advance(), now });
    this.usedAt = options.clock.now();
    this.stopListening = options.outbox.on({
      sent: (item) => this.answerSent(item),
      refused: (item) => this.answerRefused(item),
    });
  }

  readonly subscribe = this.store.subscribe;
  readonly getState = this.store.getState;

  private get state(): SessionState {
    return this.store.getState();
  }

  private set(change: Partial<SessionState>): void {
    this.store.set(change);
  }

  private say(text: string, tone: Notice["tone"] = "neutral"): void {
    this.store.say(text, tone);
  }

  /** Takes up what was left: unsent answers first, then the ROI on screen and the next one. */
  async start(): Promise<void> {
    await this.options.outbox.refresh();
    void this.options.outbox.flush();
    void this.refreshProgress();
    await this.claims.fill();
  }

  /** Ends the session in this tab. The ROI that nobody has seen yet is given back; the one on screen keeps its lease. */
  stop(): void {
    this.stopped = true;
    this.stopListening();
    void this.drafts.flush(true);
    this.claims.stop();
  }

  /** Claims until the page holds the ROI on screen and the next one. */
  fill(): Promise<void> {
    return this.claims.fill();
  }

  /** Tries at once what waits for the network, the log-in or a person: answers, drafts, the next claim. */
  async retry(): Promise<void> {
    if (this.state.current === null) this.set({ idle: { why: "loading" } });
    void this.options.outbox.flush();
    void this.drafts.flush();
    void this.refreshProgress();
    await this.claims.fill();
  }

  /** Puts the first claimed ROI on the screen. */
  private advance(): Promise<void> {
    this.advancing ??= this.showFirst().finally(() => {
      this.advancing = null;
    });
    return this.advancing.then(() => {
      // The first one may have been taken away while it was being opened.
      const isShown = this.claims.first?.assignment.id === this.state.current?.assignment.id;
      return isShown ? undefined : this.advance();
    });
  }

  private async showFirst(): Promise<void> {
    const first = this.claims.first;
    if (first === undefined) {
      this.recorder = null;
      this.set({ current: null, idle: { why: "loading" } });
      return;
    }
    const { assignment } = first;
    const opened = await first.opening;
    const previous = assignment.previous_rating;
    const revises = previous !== null;
    const before = opened.from === "nowhere" && previous !== null ? valuesOf(previous) : opened.values;
    const { clock, screen, isVisible } = this.options;
    this.recorder = new Recorder(clock, screen, opened.telemetry, isVisible() && !this.state.paused);
    const suggested = assignment.suggestion === null ? null : valuesOf(assignment.suggestion);
    const form = openForm(before, opened.bulkClean, suggested);
    this.set({
      notice: this.state.notice?.tone === "warn" ? null : this.state.notice,
      current: {
        assignment,
        revises,
        form: revises ? { ...form, cursor: 0 } : form,
        saveState: opened.from === "this device" ? "on_device" : "saved",
        reveal: null,
      },
    });
    if (revises) this.say("Your last ROI is open again with your own answers. Change what you like, then submit.");
    else if (Object.keys(before).length > 0) this.say("Your answers from before are filled in.");
  }

  private async dropFirst(): Promise<void> {
    this.claims.drop(0);
    await this.advance();
    void this.claims.fill();
  }

  // Answering

  /** Called when the ROI can be seen: the times of the log count from there. */
  shown(): void {
    const current = this.state.current;
    if (current === null || Object.keys(current.form.values).length > 0) return;
    const { clock, screen, isVisible } = this.options;
    if (this.recorder?.snapshot().visits !== 1) return;
    this.recorder = new Recorder(clock, screen, null, isVisible() && !this.state.paused);
    if (this.lastView !== null) this.recorder.viewed(this.lastView);
  }

  dispatch(action: FormAction, input: InputKind): void {
    const { current } = this.state;
    if (current === null || this.recorder === null) return;
    this.usedAt = this.options.clock.now();
    const before = current.form;
    const form = formReducer(before, action);
    if (form === before) return;
    // What was said of the form as it was before is said no more.
    const notice = action.type === "goto" || action.type === "row" ? this.state.notice : null;
    this.set({ current: { ...current, form }, notice });
    if (sameValues(before.values, form.values) && before.bulkClean === form.bulkClean) {
      this.recorder.touched(input);
      return;
    }
    this.recorder.answered(before, form, input);
    if (current.reveal === null)
      void this.drafts.change(current.assignment.id, form.values, form.bulkClean, this.recorder.snapshot());
  }

  /** Sends the answers and shows the next ROI. Without all answers it goes to the first that is missing, and says so. */
  async submit(input: InputKind): Promise<void> {
    const { current } = this.state;
    if (current === null || this.recorder === null || this.advancing !== null) return;
    if (current.reveal !== null) return this.closeReveal(input);
    const { assignment, form, revises } = current;
    const [missing, ...others] = missingFields(form);
    if (missing !== undefined) {
      this.dispatch({ type: "goto", field: missing }, input);
      const more = others.length > 0 ? `, and ${others.length} more` : "";
      const what = form.suggested === undefined ? "has no answer yet" : "still shows the model's level";
      const how = form.suggested === undefined ? "" : " Answer, or press C where the model is right.";
      this.say(`${FIELD_LABELS[missing]} ${what}${more}.${how}`, "warn");
      return;
    }
    const answers = answersOf(form.values);
    if (answers === null) return;
    this.recorder.touched(input);
    const telemetry = { ...this.recorder.finished(form) };
    const body: RatingSubmission = { ...answers, bulk_clean: form.bulkClean, telemetry };
    // A level counts as confirmed when the form holds it as an answer, and it holds all eight.
    if (form.suggested !== undefined) body.confirmed = [...FIELDS];
    await this.finish(assignment, revises, { kind: "rating", body });
  }

  /** "Cannot judge": no answers, a reason instead. */
  async skip(reason: SkipReason, note: string): Promise<void> {
    const { current } = this.state;
    if (current === null || current.revises || current.reveal !== null || this.advancing !== null) return;
    if (this.recorder === null) return;
    await this.finish(current.assignment, false, { kind: "skip", reason, note });
  }

  private async finish(assignment: Assignment, revises: boolean, answer: OutboxItem["answer"]): Promise<void> {
    const { outbox, study } = this.options;
    // From here on a second Enter finds no form; the outbox has the answer before the next ROI shows.
    this.recorder = null;
    const reply = answer.kind === "rating" && this.options.reveals() ? replyTo(outbox, assignment.id) : null;
    const first = await outbox.put({ study, assignment: assignment.id, answer, revises });
    await this.drafts.close(assignment.id);
    const progress = this.state.progress;
    if (!first) this.say("This ROI was finished in another tab already; that answer stands.", "warn");
    else if (answer.kind === "rating" && !revises) {
      this.set({
        ratedHere: this.state.ratedHere + 1,
        progress: progress && { ...progress, rated: progress.rated + 1, rated_today: progress.rated_today + 1 },
      });
    } else if (answer.kind === "skip") {
      this.set({ progress: progress && { ...progress, skipped: progress.skipped + 1 } });
    }
    this.set({ undoable: assignment.id });
    // Other tabs hear of it when this one leaves the ROI: until then it stands here with the model's view.
    if (first && reply !== null && (await this.openReveal(assignment, await reply))) return;
    this.options.finished?.(assignment.id);
    await this.dropFirst();
  }

  // The model's view after the own answer

  /** Shows it, if the server has one for this ROI; false when there is nothing to show now. */
  private async openReveal(assignment: Assignment, rating: Rating | null): Promise<boolean> {
    const { clock, screen, isVisible, server } = this.options;
    const isShown = () => !this.stopped && this.state.current?.assignment.id === assignment.id;
    if (rating?.reveals !== true || !isShown()) return false;
    try {
      const revealed = await server.reveal(assignment.id);
      const { current } = this.state;
      if (!revealed.may_revise || current === null || !isShown()) return false;
      const mine = valuesOf(revealed.rating);
      this.recorder = new Recorder(clock, screen, null, isVisible() && !this.state.paused);
      const reveal = { mine, model: valuesOf(revealed.suggestion) };
      this.set({ current: { ...current, form: { ...openForm(mine), cursor: 0 }, reveal }, undoable: null });
      return true;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      return false;
    }
  }

  /** Stores the second thought, also that there is none, and shows the next ROI. */
  private async closeReveal(input: InputKind): Promise<void> {
    const { current } = this.state;
    const answers = current === null ? null : answersOf(current.form.values);
    if (current === null || answers === null || this.recorder === null) return;
    this.recorder.touched(input);
    const telemetry = { ...this.recorder.finished(current.form) };
    this.recorder = null;
    void this.sendThought(current.assignment.id, { ...answers, bulk_clean: false, telemetry });
    this.options.finished?.(current.assignment.id);
    await this.dropFirst();
  }

  private async sendThought(assignment: string, body: RatingSubmission): Promise<void> {
    const key = newUUID();
    for (let attempt = 1; attempt <= THOUGHT_TRIES; attempt++) {
      try {
        await this.options.server.secondThought(assignment, key, body);
        return;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (!error.isTransient) break;
        await new Promise((resolve) => setTimeout(resolve, THOUGHT_PAUSE_MS));
      }
    }
    this.say("Your second thought could not be sent. Your answer itself is stored.", "warn");
  }

  private answerSent(item: OutboxItem): void {
    if (item.study !== this.options.study || this.stopped) return;
    void this.claims.fill();
    if (this.options.outbox.getState().waiting.length === 0) void this.refreshProgress();
  }

  private answerRefused(item: OutboxItem): void {
    if (item.study !== this.options.study || this.stopped) return;
    void this.refreshProgress();
    void this.claims.fill();
  }

  /** Another tab of the same person finished this assignment: it leaves this page too. */
  async finishedElsewhere(assignment: string): Promise<void> {
    const index = this.claims.indexOf(assignment);
    if (index < 0) return;
    await this.drafts.close(assignment);
    if (index > 0) {
      this.claims.drop(index);
      return;
    }
    this.say("You finished this ROI in another tab; here is the next one.");
    await this.dropFirst();
  }

  // Undo

  /** Opens the ROI finished last again, once the server has its answer. */
  async undo(): Promise<void> {
    const target = this.state.undoable;
    if (this.state.undoing || this.advancing !== null || (this.state.current !== null && this.recorder === null))
      return;
    if (this.state.current?.reveal) {
      this.say("You have seen the model's view, so your answer stands. Change your mind here instead.", "warn");
      return;
    }
    if (this.state.current?.revises) {
      this.say("Only the last ROI can be opened again, and it is open now.", "warn");
      return;
    }
    if (target === null) {
      this.say("There is nothing to undo.", "warn");
      return;
    }
    this.set({ undoing: true });
    try {
      await this.reopen(target);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.say(error.message, "warn");
      void this.refreshProgress();
    } finally {
      this.set({ undoing: false });
    }
  }

  private async reopen(target: string): Promise<void> {
    const { server, outbox } = this.options;
    if (outbox.isWaiting(target)) {
      const deadline = new Promise<void>((resolve) => setTimeout(resolve, UNDO_WAIT_MS));
      await Promise.race([outbox.flush(), deadline]);
    }
    if (outbox.isWaiting(target)) {
      this.say("Undo needs the server, which still waits for this answer. Try again when the network is back.", "warn");
      return;
    }
    await this.claims.settled();
    await this.drafts.flush();
    const assignment = await server.reopen(target);
    if (this.stopped) return;
    this.pocketForm();
    this.claims.hold(assignment, true);
    this.set({ undoable: null });
    await this.advance();
    if (assignment.previous_rating === null) this.say("Your last ROI is open again.");
  }

  /** The ROI on screen steps back: it must open later with what was answered so far. */
  private pocketForm(): void {
    const first = this.claims.first;
    const { current } = this.state;
    if (first === undefined || current === null || first.assignment.id !== current.assignment.id) return;
    const telemetry = this.recorder?.snapshot() ?? null;
    const { values, bulkClean } = current.form;
    const from = Object.keys(values).length > 0 ? "this device" : "nowhere";
    first.opening = Promise.resolve({ values, bulkClean, telemetry, from });
  }

  // Drafts

  private setSaveState(assignment: string, saveState: SaveState): void {
    const { current } = this.state;
    if (current?.assignment.id === assignment) this.set({ current: { ...current, saveState } });
  }

  private replaceForm(assignment: string, values: Values, bulkClean: boolean): void {
    const { current } = this.state;
    if (current?.assignment.id !== assignment) return;
    const suggested = current.form.suggested ?? null;
    this.set({ current: { ...current, form: { ...EMPTY_FORM, ...openForm(values, bulkClean, suggested) } } });
    this.say("Newer answers for this ROI, given in another tab or on another device, were taken over.", "warn");
  }

  // Presence

  /** Tells the log whether the page is seen; a page that goes away sends what it has. */
  setVisible(visible: boolean): void {
    this.recorder?.setVisible(visible && !this.state.paused);
    if (!visible) void this.drafts.flush(true);
    else this.usedAt = this.options.clock.now();
  }

  setPaused(paused: boolean): void {
    this.set({ paused });
    this.recorder?.setVisible(!paused && this.options.isVisible());
    if (paused) void this.drafts.flush();
    else this.usedAt = this.options.clock.now();
  }

  blurred(): void {
    this.recorder?.blurred();
  }

  viewed(view: Omit<ViewSample, "ms">): void {
    this.usedAt = this.options.clock.now();
    this.lastView = view;
    this.recorder?.viewed(view);
  }

  setOutlineHidden(hidden: boolean): void {
    this.recorder?.setOutlineHidden(hidden);
  }

  /** Renews the leases of what the page holds, if the person is there. */
  async renewLeases(): Promise<void> {
    const { clock, isVisible, server } = this.options;
    if (this.stopped || !isVisible() || this.state.paused || clock.now() - this.usedAt > AWAY_MS) return;
    for (const { assignment } of this.claims.all) {
      try {
        await server.renew(assignment.id);
      } catch (error) {
        if (error instanceof ApiError && error.code === "assignment_not_active") await this.leaseLost(assignment.id);
      }
    }
  }

  /** Others may get the ROI now. One with answers stays: a late submit is accepted. An untouched one makes room. */
  private async leaseLost(assignment: string): Promise<void> {
    const index = this.claims.indexOf(assignment);
    if (index > 0) {
      this.claims.drop(index);
      void this.claims.fill();
      return;
    }
    const { current } = this.state;
    const untouched = current !== null && Object.keys(current.form.values).length === 0;
    if (index === 0 && untouched && current.assignment.id === assignment) await this.dropFirst();
  }

  async refreshProgress(): Promise<void> {
    try {
      const { rated, skipped, rated_today, can_undo } = await this.options.server.progress(this.options.study);
      // An answer that is still on its way is newer than what the server knows.
      if (this.options.outbox.getState().waiting.length > 0) return;
      this.set({
        progress: { rated, skipped, rated_today },
        undoable: this.state.current?.revises ? null : can_undo,
      });
    } catch (error) {
      // The numbers are a courtesy: without the server the old ones stay.
      if (!(error instanceof ApiError)) throw error;
    }
  }
}
