/** What went wrong with a request: the server's `{code, detail, fields}`, or `network` when no answer came. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly fields: Readonly<Record<string, readonly string[]>>;
  /** The whole body, for the few answers that carry more than an error (a draft conflict has `current`). */
  readonly body: unknown;
  /** Seconds after which the server wants to be asked again, where it said so. */
  readonly retryAfter: number | null;

  constructor(problem: {
    status: number;
    code: string;
    detail: string;
    fields?: Readonly<Record<string, readonly string[]>>;
    body?: unknown;
    retryAfter?: number | null;
  }) {
    super(problem.detail);
    this.name = "ApiError";
    this.status = problem.status;
    this.code = problem.code;
    this.fields = problem.fields ?? {};
    this.body = problem.body;
    this.retryAfter = problem.retryAfter ?? null;
  }

  /** True when the same request may succeed later without any change to it. */
  get isTransient(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }

  get isSignedOut(): boolean {
    return this.status === 401;
  }
}

/** The error of a response body that may not be ours (a proxy's HTML page, an empty body). */
export function errorOfBody(status: number, body: unknown, retryAfter: string | null = null): ApiError {
  const problem = typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {};
  return new ApiError({
    status,
    code: typeof problem.code === "string" ? problem.code : `http_${status}`,
    detail:
      typeof problem.detail === "string"
        ? problem.detail
        : `The server answered ${status} without saying why. Try again; if it stays, tell the study's admin.`,
    fields:
      typeof problem.fields === "object" && problem.fields !== null
        ? (problem.fields as Record<string, readonly string[]>)
        : {},
    body,
    // The header may be a date too; nobody sends us one.
    retryAfter: retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null,
  });
}

export function networkError(): ApiError {
  return new ApiError({
    status: 0,
    code: "network",
    detail: "The server cannot be reached. Check the connection; nothing that was saved is lost.",
  });
}
