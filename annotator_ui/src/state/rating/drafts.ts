import { ApiError } from "../../api/errors";
import type { Assignment } from "../../api/types";
import { readValues, sameValues, type Values } from "./scales";
import type { RatingServer } from "./server";
import type { LocalStore } from "./storage";
import type { Telemetry } from "./telemetry";

/** What the server keeps of an unfinished form. */
export interface Draft {
  values: Values;
  bulk_clean: boolean;
  /** Epoch milliseconds by the clock of the device that wrote it. */
  saved_at: number;
  /** The tab that wrote it. */
  writer: string;
}

/** What this device keeps of it: also the log, and how the server's copy compares. */
export interface LocalDraft extends Draft {
  telemetry: Telemetry | null;
  /** The server's revision when this was last in step with it. */
  revision: number;
  /** The server has not confirmed this content yet. */
  dirty: boolean;
}

export interface OpenedDraft {
  values: Values;
  bulkClean: boolean;
  telemetry: Telemetry | null;
  from: "nowhere" | "this device" | "the server";
}

export type SaveState = "saved" | "on_device" | "saving";

export interface DraftEvents {
  /** How safe the current answers are: on the server, or on this device only so far. */
  saveState?: (assignment: string, state: SaveState) => void;
  /** Answers given elsewhere were newer and have taken the place of the ones here. */
  replaced?: (assignment: string, values: Values, bulkClean: boolean) => void;
}

export const IDLE_MS = 1_500;
const RETRY_MS = 10_000;
const KEPT_DAYS = 60;

/** Forgets drafts of anybody that nobody has come back to for two months. */
export async function pruneDrafts(store: LocalStore, now: number): Promise<void> {
  for (const [key, draft] of await store.entries<LocalDraft>("draft/")) {
    if (now - draft.saved_at > KEPT_DAYS * 86_400_000) await store.delete(key);
  }
}

function readDraft(source: unknown): Draft | null {
  if (typeof source !== "object" || source === null) return null;
  const record = source as Record<string, unknown>;
  return {
    values: readValues(record.values),
    bulk_clean: record.bulk_clean === true,
    saved_at: typeof record.saved_at === "number" ? record.saved_at : 0,
    writer: typeof record.writer === "string" ? record.writer : "",
  };
}

/**
 * Autosave of unfinished forms: on this device at every change, on the server when the person has been idle. Each
 * device counts revisions from the server's; when both have something new, the one written last is taken.
 */
export class Drafts {
  private readonly store: LocalStore;
  private readonly server: RatingServer;
  private readonly user: string;
  private readonly writer: string;
  private readonly now: () => number;
  private readonly events: DraftEvents;
  private readonly held = new Map<string, LocalDraft>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly saving = new Map<string, Promise<void>>();

  constructor(options: {
    store: LocalStore;
    server: RatingServer;
    user: string;
    writer: string;
    events?: DraftEvents;
    now?: () => number;
  }) {
    this.store = options.store;
    this.server = options.server;
    this.user = options.user;
    this.writer = options.writer;
    this.events = options.events ?? {};
    this.now = options.now ?? Date.now;
  }

  private recordKey(assignment: string): string {
    return `draft/${this.user}/${assignment}`;
  }

  /** The newest answers for the assignment, of those here and those that came with it. */
  async open(assignment: Assignment): Promise<OpenedDraft> {
    const here = await this.store.get<LocalDraft>(this.recordKey(assignment.id)).catch(() => null);
    const there = readDraft(assignment.draft);
    const revision = assignment.draft_revision;
    // A copy that the server had confirmed and has changed since is old, whatever its clock says.
    const hereIsNewer =
      here !== null && (here.dirty ? there === null || here.saved_at >= there.saved_at : here.revision >= revision);
    if (here !== null && hereIsNewer) {
      const draft = { ...here, revision };
      this.held.set(assignment.id, draft);
      if (here.dirty) this.schedule(assignment.id, IDLE_MS);
      return { values: here.values, bulkClean: here.bulk_clean, telemetry: here.telemetry, from: "this device" };
    }
    const values = there?.values ?? {};
    const draft: LocalDraft = {
      values,
      bulk_clean: there?.bulk_clean ?? false,
      saved_at: there?.saved_at ?? 0,
      writer: there?.writer ?? this.writer,
      telemetry: here?.telemetry ?? null,
      revision,
      dirty: false,
    };
    this.held.set(assignment.id, draft);
    return {
      values,
      bulkClean: draft.bulk_clean,
      telemetry: draft.telemetry,
      from: there === null ? "nowhere" : "the server",
    };
  }

  /** Keeps a change: here at once, on the server soon. Resolves when it is kept here. */
  async change(assignment: string, values: Values, bulkClean: boolean, telemetry: Telemetry): Promise<void> {
    const present = this.held.get(assignment);
    const draft: LocalDraft = {
      values,
      bulk_clean: bulkClean,
      saved_at: this.now(),
      writer: this.writer,
      telemetry,
      revision: present?.revision ?? 0,
      dirty: true,
    };
    this.held.set(assignment, draft);
    this.events.saveState?.(assignment, "on_device");
    this.schedule(assignment, IDLE_MS);
    await this.keep(assignment, draft);
  }

  /** Sends now what is due for the server; `leaving` lets the requests outlive the page. */
  async flush(leaving = false): Promise<void> {
    await Promise.all([...this.timers.keys()].map((assignment) => this.save(assignment, leaving)));
  }

  /** The answers went into the outbox or the assignment is gone: nothing is saved any more. */
  async close(assignment: string): Promise<void> {
    this.unschedule(assignment);
    // A request under way is not waited for: without the network that would take long, and it changes nothing here.
    this.held.delete(assignment);
    await this.store.delete(this.recordKey(assignment)).catch(() => undefined);
  }

  private async keep(assignment: string, draft: LocalDraft): Promise<void> {
    // Without local storage the server's copy is all there is; it follows within the idle time.
    await this.store.put(this.recordKey(assignment), draft).catch(() => undefined);
  }

  private unschedule(assignment: string): void {
    clearTimeout(this.timers.get(assignment));
    this.timers.delete(assignment);
  }

  private schedule(assignment: string, delay: number): void {
    this.unschedule(assignment);
    this.timers.set(
      assignment,
      setTimeout(() => void this.save(assignment, false), delay),
    );
  }

  private async save(assignment: string, leaving: boolean): Promise<void> {
    this.unschedule(assignment);
    // One request at a time: revisions must reach the server in their order.
    await this.saving.get(assignment);
    const draft = this.held.get(assignment);
    if (draft === undefined || !draft.dirty) return;
    const work = this.send(assignment, draft, leaving).finally(() => this.saving.delete(assignment));
    this.saving.set(assignment, work);
    await work;
  }

  private async send(assignment: string, draft: LocalDraft, leaving: boolean): Promise<void> {
    const { values, bulk_clean, saved_at, writer } = draft;
    this.events.saveState?.(assignment, "saving");
    try {
      const body: Draft = { values, bulk_clean, saved_at, writer };
      const revision = await this.server.saveDraft(assignment, draft.revision + 1, { ...body }, leaving);
      await this.confirmed(assignment, draft, revision);
    } catch (error) {
      if (error instanceof ApiError && error.code === "draft_conflict") await this.resolve(assignment, error);
      else this.failed(assignment, error);
    }
  }

  private async confirmed(assignment: string, sent: LocalDraft, revision: number): Promise<void> {
    const present = this.held.get(assignment);
    if (present === undefined) return;
    const dirty = present.saved_at !== sent.saved_at || !sameValues(present.values, sent.values);
    const draft = { ...present, revision, dirty };
    this.held.set(assignment, draft);
    await this.keep(assignment, draft);
    if (!dirty) this.events.saveState?.(assignment, "saved");
  }

  private failed(assignment: string, error: unknown): void {
    this.events.saveState?.(assignment, "on_device");
    const isLost = error instanceof ApiError && !error.isTransient && !error.isSignedOut;
    // A refused draft (the lease is over, the ROI was finished elsewhere) stays here; submitting decides.
    if (!isLost && this.held.has(assignment) && !this.timers.has(assignment)) this.schedule(assignment, RETRY_MS);
  }

  private async resolve(assignment: string, conflict: ApiError): Promise<void> {
    const present = this.held.get(assignment);
    const current = (conflict.body as { current?: { revision?: unknown; draft?: unknown } } | null)?.current;
    if (present === undefined || typeof current?.revision !== "number") return;
    const there = readDraft(current.draft);
    if (there !== null && there.writer !== this.writer && there.saved_at > present.saved_at) {
      const draft: LocalDraft = { ...there, telemetry: present.telemetry, revision: current.revision, dirty: false };
      this.held.set(assignment, draft);
      await this.keep(assignment, draft);
      this.events.saveState?.(assignment, "saved");
      this.events.replaced?.(assignment, there.values, there.bulk_clean);
      return;
    }
    this.held.set(assignment, { ...present, revision: current.revision });
    if (!this.timers.has(assignment)) this.schedule(assignment, 0);
  }
}
