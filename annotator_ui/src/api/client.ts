import { errorOfBody, networkError } from "./errors";
import { announceSession } from "./session";
import type { Page } from "./types";

const BASE = "/api/v1/";
const UNSAFE = new Set(["POST", "PUT", "PATCH", "DELETE"]);

export type Query = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface RequestOptions {
  /** Sent as JSON, or as it is when it is FormData. */
  body?: unknown;
  query?: Query;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** Lets the request outlive the page; the browser allows 64 KB for all of them together. */
  keepalive?: boolean;
  /** The page asks whether it is signed in: a 401 is an answer then, not an event. */
  quietWhenSignedOut?: boolean;
  /** The answer is not JSON: its body is an ArrayBuffer. */
  binary?: boolean;
}

export interface Reply<Body> {
  status: number;
  data: Body;
}

/** URL of an API path such as `studies/${slug}/`, or of a whole URL that the server handed out. */
export function apiUrl(path: string, query: Query = {}): string {
  const url = new URL(path.startsWith("http") || path.startsWith("/") ? path : BASE + path, "http://page");
  for (const [key, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== "") url.searchParams.set(key, String(value));
  }
  return url.pathname + url.search;
}

export function csrfToken(cookies: string = document.cookie): string | null {
  const found = /(?:^|;\s*)csrftoken=([^;]+)/.exec(cookies);
  return found?.[1] === undefined ? null : decodeURIComponent(found[1]);
}

async function csrfHeader(): Promise<Record<string, string>> {
  if (csrfToken() === null) await send("GET", "auth/csrf/", { quietWhenSignedOut: true });
  const token = csrfToken();
  return token === null ? {} : { "X-CSRFToken": token };
}

async function bodyOf(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

async function send(method: string, path: string, options: RequestOptions = {}): Promise<Reply<unknown>> {
  const accept = options.binary ? "application/octet-stream, application/json" : "application/json";
  const headers: Record<string, string> = { Accept: accept, ...options.headers };
  const isForm = options.body instanceof FormData;
  if (options.body !== undefined && !isForm) headers["Content-Type"] = "application/json";
  if (UNSAFE.has(method)) Object.assign(headers, await csrfHeader());
  let response: Response;
  let body: unknown;
  try {
    response = await fetch(apiUrl(path, options.query), {
      method,
      headers,
      credentials: "same-origin",
      body: options.body === undefined ? null : isForm ? (options.body as FormData) : JSON.stringify(options.body),
      signal: options.signal ?? null,
      keepalive: options.keepalive ?? false,
    });
    body = options.binary && response.ok ? await response.arrayBuffer() : await bodyOf(response);
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw networkError();
  }
  if (response.ok) return { status: response.status, data: body };
  if (response.status === 401 && options.quietWhenSignedOut !== true) announceSession("signed_out");
  throw errorOfBody(response.status, body, response.headers.get("Retry-After"));
}

async function dataOf<Body>(method: string, path: string, options?: RequestOptions): Promise<Body> {
  return (await send(method, path, options)).data as Body;
}

/**
 * The API of the server. Paths are relative to /api/v1/ and end in a slash. Every method throws ApiError; a 401 is
 * announced as `signed_out` too, so that the page can ask for the password without being left.
 */
export const api = {
  /** For callers who need the status (200, 201 and 204 mean different things in a claim). A 204 has `data: null`. */
  request: <Body>(method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE", path: string, options?: RequestOptions) =>
    send(method, path, options) as Promise<Reply<Body>>,
  get: <Body>(path: string, options?: RequestOptions) => dataOf<Body>("GET", path, options),
  bytes: (path: string, options?: RequestOptions) => dataOf<ArrayBuffer>("GET", path, { ...options, binary: true }),
  post: <Body>(path: string, body?: unknown, options?: RequestOptions) =>
    dataOf<Body>("POST", path, { ...options, body }),
  put: <Body>(path: string, body: unknown, options?: RequestOptions) => dataOf<Body>("PUT", path, { ...options, body }),
  patch: <Body>(path: string, body: unknown, options?: RequestOptions) =>
    dataOf<Body>("PATCH", path, { ...options, body }),
  delete: (path: string, options?: RequestOptions) => dataOf<null>("DELETE", path, options),
  upload,
  all,
};

/** Every row of a list, page after page. For lists that fit on a screen; dashboards page instead. */
async function all<Row>(path: string, options: RequestOptions = {}): Promise<Row[]> {
  const rows: Row[] = [];
  let next: string | null = apiUrl(path, { limit: 200, ...options.query });
  while (next !== null) {
    const page: Page<Row> = await api.get<Page<Row>>(apiUrl(next), options.signal ? { signal: options.signal } : {});
    rows.push(...page.results);
    next = page.next;
  }
  return rows;
}

/** POST of a form with progress in 0..1 of the bytes sent, which fetch cannot tell. */
async function upload<Body>(
  path: string,
  form: FormData,
  options: { onProgress?: (fraction: number) => void; signal?: AbortSignal } = {},
): Promise<Body> {
  const headers = await csrfHeader();
  return new Promise<Body>((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", apiUrl(path));
    request.setRequestHeader("Accept", "application/json");
    for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
    request.upload.onprogress = (event) => {
      if (event.lengthComputable) options.onProgress?.(event.loaded / event.total);
    };
    request.onerror = () => reject(networkError());
    request.onabort = () => reject(new DOMException("The upload was cancelled.", "AbortError"));
    request.onload = () => {
      let body: unknown = null;
      try {
        body = JSON.parse(request.responseText) as unknown;
      } catch {
        body = request.responseText;
      }
      if (request.status >= 200 && request.status < 300) return resolve(body as Body);
      if (request.status === 401) announceSession("signed_out");
      reject(errorOfBody(request.status, body));
    };
    options.signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}
