import { ApiError } from "../../api/errors";
import type { Rating, RatingSubmission, SkipReason } from "../../api/types";
import { newUUID } from "./identity";
import type { RatingServer } from "./server";
import type { LocalStore } from "./storage";

/** An answer on its way to the server. It leaves the outbox only when the server has it, or by the person's own hand. */
export interface OutboxItem {
  /** The idempotency key: made once, stored with the answer, sent with every attempt. */
  key: string;
  user: string;
  study: string;
  assignment: string;
  answer: { kind: "rating"; body: RatingSubmission } | { kind: "skip"; reason: SkipReason; note: string };
  /** It revises an answer that was undone. */
  revises: boolean;
  /** Epoch milliseconds. */
  created_at: number;
  /** Why the server will not take it; null while it waits. */
  refusal: { code: string; detail: string } | null;
}

export interface OutboxState {
  waiting: readonly OutboxItem[];
  refused: readonly OutboxItem[];
  /** Why nothing moves: the network, the log-in, or another person's log-in in this browser. */
  held: "no" | "network" | "signed_out" | "other_person";
  /** False when an answer is kept in memory only: then leaving the page would lose it. */
  durable: boolean;
}

/** Runs `work` while no other tab runs it. */
export type Exclusive = (name: string, work: () => Promise<void>) => Promise<void>;

/**
 * With Web Locks one tab sends at a time. Without them (plain HTTP) two tabs may send the same answer twice; they do so
 * with the same key, which the server takes for the one answer it is.
 */
export const exclusiveInBrowser: Exclusive = async (name, work) => {
  if ("locks" in navigator) await navigator.locks.request(name, work);
  else await work();
};

const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/** Wait before the next attempt: doubling, with up to a quarter more so that a restarted server is not stormed. */
export function retryDelay(attempts: number, random: number): number {
  return Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.max(0, attempts - 1)) * (1 + random / 4);
}

type Outcome = { is: "sent"; rating: Rating | null } | { is: "refused" } | { is: "stop" };

export interface OutboxEvents {
  /** The server has the answer, and stored this rating (null: the answer was a skip). */
  sent?: (item: OutboxItem, rating: Rating | null) => void;
  refused?: (item: OutboxItem) => void;
}

/** The persistent queue of finished answers of one person, shared by all tabs and pages. */
export class Outbox {
  private readonly store: LocalStore;
  private readonly server: RatingServer;
  private readonly user: string;
  private readonly exclusive: Exclusive;
  private readonly now: () => number;
  private readonly listeners = new Set<() => void>();
  private readonly events = new Set<OutboxEvents>();
  /** Answers that the store refused to keep. */
  private readonly unstored = new Map<string, OutboxItem>();
  private state: OutboxState = { waiting: [], refused: [], held: "no", durable: true };
  private attempts = 0;
  private retryTimer: ReturnType<typeof setTimeout> | null = null;
  private draining: Promise<void> | null = null;
  private again = false;

  constructor(options: {
    store: LocalStore;
    server: RatingServer;
    user: string;
    exclusive?: Exclusive;
    now?: () => number;
  }) {
    this.store = options.store;
    this.server = options.server;
    this.user = options.user;
    this.exclusive = options.exclusive ?? exclusiveInBrowser;
    this.now = options.now ?? Date.now;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  readonly getState = (): OutboxState => this.state;

  on(events: OutboxEvents): () => void {
    this.events.add(events);
    return () => {
      this.events.delete(events);
    };
  }

  private recordKey(assignment: string): string {
    return `outbox/${this.user}/${assignment}`;
  }

  private set(change: Partial<OutboxState>): void {
    this.state = { ...this.state, ...change };
    for (const listener of [...this.listeners]) listener();
  }

  /** Reads the store again: another tab may have added or sent something. */
  async refresh(): Promise<OutboxItem[]> {
    const stored = await this.store.entries<OutboxItem>(`outbox/${this.user}/`);
    const items = [...stored.map(([, item]) => item), ...this.unstored.values()];
    items.sort((a, b) => a.created_at - b.created_at);
    const waiting = items.filter((item) => item.refusal === null);
    this.set({
      waiting,
      refused: items.filter((item) => item.refusal !== null),
      durable: this.unstored.size === 0 && this.store.kind !== "memory",
      ...(waiting.length === 0 ? { held: "no" as const } : {}),
    });
    return waiting;
  }

  isWaiting(assignment: string): boolean {
    return this.state.waiting.some((item) => item.assignment === assignment);
  }

  /**
   * Stores the answer and starts sending; resolves when it is stored. False when an answer for this assignment is on
   * its way already, from here or from another tab: the one that came first stays.
   */
  async put(entry: Pick<OutboxItem, "study" | "assignment" | "answer" | "revises">): Promise<boolean> {
    const item: OutboxItem = {
      ...entry,
      key: newUUID(),
      user: this.user,
      created_at: this.now(),
      refusal: null,
    };
    const record = this.recordKey(item.assignment);
    try {
      if (!(await this.store.add(record, item))) {
        const present = await this.store.get<OutboxItem>(record);
        if (present !== null && present.refusal === null) return false;
        await this.store.put(record, item);
      }
    } catch {
      // The disk is full or the browser forbids it: better in memory, with a warning, than nowhere.
      this.unstored.set(item.assignment, item);
    }
    await this.refresh();
    void this.flush();
    return true;
  }

  /** Sends what waits. Safe to call at any time and from any tab. */
  flush(): Promise<void> {
    this.clearRetry();
    if (this.draining !== null) {
      this.again = true;
      return this.draining;
    }
    this.draining = this.exclusive(`roiqa-outbox-${this.user}`, () => this.drain())
      .catch(() => this.retryLater("network"))
      .finally(() => {
        this.draining = null;
        if (this.again) {
          this.again = false;
          void this.flush();
        }
      });
    return this.draining;
  }

  /** Tries a refused answer once more, with the same key. */
  async sendAgain(assignment: string): Promise<void> {
    await this.change(assignment, (item) => ({ ...item, refusal: null }));
    await this.refresh();
    await this.flush();
  }

  /** Forgets a refused answer; only ever because the person said so. */
  async discard(assignment: string): Promise<void> {
    await this.remove(assignment);
    await this.refresh();
  }

  /** Stops the retries of this page; what waits stays stored. */
  stop(): void {
    this.clearRetry();
  }

  private clearRetry(): void {
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    this.retryTimer = null;
  }

  private retryLater(held: "network" | "other_person"): void {
    this.attempts += 1;
    this.set({ held });
    this.clearRetry();
    this.retryTimer = setTimeout(() => void this.flush(), retryDelay(this.attempts, Math.random()));
  }

  private async change(assignment: string, how: (item: OutboxItem) => OutboxItem): Promise<void> {
    const unstored = this.unstored.get(assignment);
    if (unstored !== undefined) {
      this.unstored.set(assignment, how(unstored));
      return;
    }
    const item = await this.store.get<OutboxItem>(this.recordKey(assignment));
    if (item !== null) await this.store.put(this.recordKey(assignment), how(item));
  }

  private async remove(assignment: string): Promise<void> {
    if (!this.unstored.delete(assignment)) await this.store.delete(this.recordKey(assignment));
  }

  private async drain(): Promise<void> {
    for (;;) {
      const [item] = await this.refresh();
      if (item === undefined) {
        this.attempts = 0;
        return;
      }
      const outcome = await this.trySend(item);
      if (outcome.is === "stop") return;
      this.attempts = 0;
      if (this.state.held !== "no") this.set({ held: "no" });
      await this.refresh();
      const settled = this.state.refused.find((refused) => refused.key === item.key) ?? item;
      for (const events of [...this.events]) {
        if (outcome.is === "sent") events.sent?.(settled, outcome.rating);
        else events.refused?.(settled);
      }
    }
  }

  private async trySend(item: OutboxItem): Promise<Outcome> {
    let rating: Rating | null;
    try {
      rating = await this.send(item);
    } catch (error) {
      return { is: await this.afterFailure(item, error) };
    }
    await this.remove(item.assignment);
    return { is: "sent", rating };
  }

  private async send(item: OutboxItem): Promise<Rating | null> {
    const { answer, assignment, key } = item;
    if (answer.kind === "skip") {
      await this.server.skip(assignment, answer.reason, answer.note);
      return null;
    }
    try {
      return await this.server.submit(assignment, key, answer.body);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code === "already_rated" && item.revises) {
        // The lease of the reopened answer ran out before the revision came: open it again and revise it now.
        await this.server.reopen(assignment);
        return await this.server.submit(assignment, key, answer.body);
      }
      if ("telemetry" in error.fields || error.status === 413) {
        // The log of how it was rated is worth less than the rating.
        const { telemetry: _dropped, ...body } = answer.body;
        return await this.server.submit(assignment, key, body);
      }
      throw error;
    }
  }

  private async afterFailure(item: OutboxItem, error: unknown): Promise<"refused" | "stop"> {
    if (!(error instanceof ApiError) || error.isTransient) {
      this.retryLater("network");
      return "stop";
    }
    if (error.isSignedOut) {
      // No timer: the page asks for the password and calls flush() when it has it.
      this.set({ held: "signed_out" });
      return "stop";
    }
    if (error.code === "csrf_failed") {
      await this.server.refreshCsrf().catch(() => undefined);
      this.retryLater("network");
      return "stop";
    }
    if (error.status === 403 || error.status === 404) {
      // Another tab may have logged in as somebody else: their log-in must not refuse this person's answers.
      const present = await this.server.whoAmI().catch(() => undefined);
      if (present !== this.user) {
        this.retryLater(present === undefined ? "network" : "other_person");
        return "stop";
      }
    }
    await this.change(item.assignment, (stored) => ({
      ...stored,
      refusal: { code: error.code, detail: error.message },
    }));
    return "refused";
  }
}
