import { api, type RequestOptions } from "../../api/client";
import { ApiError, networkError } from "../../api/errors";
import type {
  Assignment,
  Claim,
  DraftSaved,
  DraftSubmission,
  Me,
  MyProgress,
  Rating,
  RatingSubmission,
  Revealed,
  Skip,
  SkipReason,
} from "../../api/types";
import { heldViewingCheck } from "./viewing";

/** The calls of the rating page. Every one throws ApiError; none waits longer than `TIMEOUT_MS`. */
export interface RatingServer {
  /** The next assignment that is not among `holding`; null when nothing is left for this person now. */
  claim(study: string, holding: readonly string[]): Promise<Assignment | null>;
  renew(assignment: string): Promise<void>;
  release(assignment: string): Promise<void>;
  reopen(assignment: string): Promise<Assignment>;
  progress(study: string): Promise<MyProgress>;
  /** The revision that is stored now. A conflict is an ApiError with code `draft_conflict` and `current` in its body. */
  saveDraft(assignment: string, revision: number, draft: DraftSubmission["draft"], leaving: boolean): Promise<number>;
  submit(assignment: string, key: string, answer: RatingSubmission): Promise<Rating>;
  /** What the model says of an ROI that this person has rated; from then on the answer stands. */
  reveal(assignment: string): Promise<Revealed>;
  secondThought(assignment: string, key: string, answer: RatingSubmission): Promise<void>;
  skip(assignment: string, reason: SkipReason, note: string): Promise<void>;
  /** Id of the person whose log-in the browser sends; null when there is none. */
  whoAmI(): Promise<string | null>;
  /** Gets a fresh CSRF cookie. */
  refreshCsrf(): Promise<void>;
}

/** A line that swallows packets must not hold an answer back for minutes. */
export const TIMEOUT_MS = 20_000;

async function timed<Result>(call: (options: RequestOptions) => Promise<Result>): Promise<Result> {
  const control = new AbortController();
  const timer = setTimeout(() => control.abort(), TIMEOUT_MS);
  try {
    return await call({ signal: control.signal });
  } catch (error) {
    throw control.signal.aborted ? networkError() : error;
  } finally {
    clearTimeout(timer);
  }
}

export const ratingServer: RatingServer = {
  claim: (study, holding) =>
    timed(async (options) => {
      const reply = await api.request<Assignment | null>("POST", `studies/${study}/assignments/`, {
        ...options,
        body: { exclude: [...holding], viewing_check: heldViewingCheck(study) } satisfies Claim,
      });
      return reply.status === 204 ? null : reply.data;
    }),
  renew: (assignment) =>
    timed(async (options) => void (await api.post(`assignments/${assignment}/renew/`, {}, options))),
  release: (assignment) =>
    timed(async (options) => void (await api.post(`assignments/${assignment}/release/`, {}, options))),
  reopen: (assignment) => timed((options) => api.post<Assignment>(`assignments/${assignment}/reopen/`, {}, options)),
  progress: (study) => timed((options) => api.get<MyProgress>(`studies/${study}/my-progress/`, options)),
  saveDraft: (assignment, revision, draft, leaving) =>
    timed(async (options) => {
      const body: DraftSubmission = { revision, draft };
      const path = `assignments/${assignment}/draft/`;
      return (await api.put<DraftSaved>(path, body, { ...options, keepalive: leaving })).revision;
    }),
  submit: (assignment, key, answer) =>
    timed((options) =>
      api.post<Rating>(`assignments/${assignment}/rating/`, answer, {
        ...options,
        headers: { "Idempotency-Key": key },
      }),
    ),
  reveal: (assignment) => timed((options) => api.post<Revealed>(`assignments/${assignment}/reveal/`, {}, options)),
  secondThought: (assignment, key, answer) =>
    timed(
      async (options) =>
        void (await api.post(`assignments/${assignment}/second-thought/`, answer, {
          ...options,
          headers: { "Idempotency-Key": key },
        })),
    ),
  skip: (assignment, reason, note) =>
    timed(
      async (options) =>
        void (await api.post(`assignments/${assignment}/skip/`, { reason, note } satisfies Skip, options)),
    ),
  whoAmI: async () => {
    try {
      return (await timed((options) => api.get<Me>("auth/me/", { ...options, quietWhenSignedOut: true }))).id;
    } catch (error) {
      if (error instanceof ApiError && error.isSignedOut) return null;
      throw error;
    }
  },
  refreshCsrf: () =>
    timed(async (options) => void (await api.get("auth/csrf/", { ...options, quietWhenSignedOut: true }))),
};
