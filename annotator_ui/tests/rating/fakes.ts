import { ApiError, networkError } from "../../src/api/errors";
import type {
  Assignment,
  MyProgress,
  Rating,
  RatingSubmission,
  SkipReason,
  SuggestedLevels,
} from "../../src/api/types";
import { formReducer, openForm } from "../../src/state/rating/form";
import { FIELDS, type Values } from "../../src/state/rating/scales";
import type { RatingServer } from "../../src/state/rating/server";
import type { Clock } from "../../src/state/rating/telemetry";

export function problem(status: number, code: string, extra: Record<string, unknown> = {}): ApiError {
  return new ApiError({ status, code, detail: `refused: ${code}`, body: { code, ...extra } });
}

export function assignmentOf(id: string, change: Partial<Assignment> = {}): Assignment {
  return {
    id,
    study: "birds",
    roi: {
      id: `roi-${id}`,
      segmentation: { size: [40, 40], counts: "" },
      bbox: [0, 0, 40, 40],
      level: "object",
      name: "",
    },
    image: { id: `image-${id}`, width: 40, height: 40, file_url: `/image-${id}` },
    state: "active",
    lease_expires_at: "2026-01-01T00:15:00Z",
    draft: null,
    draft_revision: 0,
    previous_rating: null,
    suggestion: null,
    position: 1,
    ...change,
  };
}

function ratingOf(assignment: string, body: RatingSubmission, revision: number, reveals = false): Rating {
  return {
    id: `rating-${assignment}`,
    assignment,
    distortions: body.distortions,
    quality: body.quality,
    importance: body.importance,
    bulk_clean: body.bulk_clean,
    revision,
    reveals,
    created_at: "2026-01-01T00:00:00Z",
  };
}

/** Every row answered with its middle level. */
export const COMPLETE: Values = Object.fromEntries(FIELDS.map((field) => [field, 2]));

/** What the model of these tests says: blur severe, the rest nonexistent, quality poor, importance normal. */
export const MODEL_SAYS: SuggestedLevels = {
  distortions: { exposure: 5, noise: 5, blur: 1, contrast: 5, colorfulness: 5, compression: 5 },
  quality: 1,
  importance: 2,
};

export function completeForm() {
  return FIELDS.reduce((form, field) => formReducer(form, { type: "choose", field, value: 2 }), openForm({}));
}

export class ManualClock implements Clock {
  private ms = 0;

  advance(ms: number): void {
    this.ms += ms;
  }

  now(): number {
    return this.ms;
  }

  date(): Date {
    return new Date(Date.UTC(2026, 0, 1) + this.ms);
  }
}

/** A server of one study with the claims and keys that the real one has, which can be away or refuse. */
export class FakeServer implements RatingServer {
  queue: string[] = ["a", "b", "c", "d"];
  active: string[] = [];
  ratings = new Map<string, { key: string; body: RatingSubmission; revision: number }>();
  skipped: string[] = [];
  drafts = new Map<string, { revision: number; draft: unknown }>();
  released: string[] = [];
  lastFinished: string | null = null;
  reopened = new Set<string>();
  user: string | null = "me";
  /** What a model says of an ROI: shown with the form, or after the answer. */
  prefilled = new Map<string, SuggestedLevels>();
  revealed = new Map<string, SuggestedLevels>();
  thoughts = new Map<string, RatingSubmission>();
  calls: string[] = [];
  /** Called before every request; throws to make the request fail. */
  before: (call: string, assignment: string) => void = () => undefined;
  /** Called after the work is done; throws to lose the reply. */
  after: (call: string) => void = () => undefined;

  private async reply<Result>(call: string, target: string, work: () => Result): Promise<Result> {
    this.calls.push(call);
    this.before(call, target);
    const result = work();
    this.after(call);
    return result;
  }

  private assignment(id: string): Assignment {
    const rating = this.ratings.get(id);
    const draft = this.drafts.get(id);
    return assignmentOf(id, {
      draft: (draft?.draft as Record<string, unknown> | undefined) ?? null,
      draft_revision: draft?.revision ?? 0,
      suggestion: this.prefilled.get(id) ?? null,
      previous_rating: this.reopened.has(id) && rating ? ratingOf(id, rating.body, rating.revision) : null,
    });
  }

  claim(_study: string, holding: readonly string[]) {
    return this.reply("claim", "", () => {
      const mine = this.active.find((id) => !holding.includes(id));
      if (mine !== undefined) return this.assignment(mine);
      if (this.active.length >= 2) throw problem(409, "enough_claimed");
      const next = this.queue.shift();
      if (next === undefined) return null;
      this.active.push(next);
      return this.assignment(next);
    });
  }

  renew(assignment: string) {
    return this.reply("renew", assignment, () => {
      if (!this.active.includes(assignment)) throw problem(409, "assignment_not_active");
    });
  }

  release(assignment: string) {
    return this.reply("release", assignment, () => {
      this.active = this.active.filter((id) => id !== assignment);
      this.released.push(assignment);
    });
  }

  reopen(assignment: string) {
    return this.reply("reopen", assignment, () => {
      if (this.lastFinished !== assignment) throw problem(409, "cannot_undo");
      if (this.ratings.has(assignment)) this.reopened.add(assignment);
      this.skipped = this.skipped.filter((id) => id !== assignment);
      if (!this.active.includes(assignment)) this.active.push(assignment);
      return this.assignment(assignment);
    });
  }

  progress() {
    return this.reply("progress", "", () => ({
      rated: this.ratings.size,
      skipped: this.skipped.length,
      rated_today: this.ratings.size,
      can_undo: this.lastFinished,
    })) as Promise<MyProgress>;
  }

  saveDraft(assignment: string, revision: number, draft: unknown) {
    return this.reply("saveDraft", assignment, () => {
      const stored = this.drafts.get(assignment) ?? { revision: 0, draft: null };
      if (revision === stored.revision && JSON.stringify(draft) === JSON.stringify(stored.draft)) return revision;
      if (revision !== stored.revision + 1) throw problem(409, "draft_conflict", { current: stored });
      this.drafts.set(assignment, { revision, draft });
      return revision;
    });
  }

  submit(assignment: string, key: string, body: RatingSubmission) {
    return this.reply("submit", assignment, () => {
      const known = this.ratings.get(assignment);
      const revision = known?.key === key ? known.revision : (known?.revision ?? 0) + 1;
      if (known?.key !== key) {
        if (known && !this.reopened.has(assignment)) throw problem(409, "already_rated");
        this.ratings.set(assignment, { key, body, revision });
        this.reopened.delete(assignment);
        this.active = this.active.filter((id) => id !== assignment);
        this.drafts.delete(assignment);
        this.lastFinished = assignment;
      }
      return ratingOf(assignment, body, revision, this.revealed.has(assignment));
    });
  }

  reveal(assignment: string) {
    return this.reply("reveal", assignment, () => {
      const suggestion = this.revealed.get(assignment);
      const rating = this.ratings.get(assignment);
      if (suggestion === undefined || rating === undefined) throw problem(409, "nothing_revealed");
      this.lastFinished = null;
      return {
        suggestion,
        rating: ratingOf(assignment, rating.body, rating.revision, true),
        may_revise: !this.thoughts.has(assignment),
      };
    });
  }

  secondThought(assignment: string, _key: string, body: RatingSubmission) {
    return this.reply("secondThought", assignment, () => void this.thoughts.set(assignment, body));
  }

  skip(assignment: string, _reason: SkipReason, _note: string) {
    return this.reply("skip", assignment, () => {
      if (this.ratings.has(assignment)) throw problem(409, "already_rated");
      if (!this.skipped.includes(assignment)) this.skipped.push(assignment);
      this.active = this.active.filter((id) => id !== assignment);
      this.lastFinished = assignment;
    });
  }

  whoAmI() {
    return this.reply("whoAmI", "", () => this.user);
  }

  refreshCsrf() {
    return this.reply("refreshCsrf", "", () => undefined);
  }

  /** Every request fails as it does without a network. */
  goAway(): void {
    this.before = () => {
      throw networkError();
    };
  }

  comeBack(): void {
    this.before = () => undefined;
    this.after = () => undefined;
  }
}
