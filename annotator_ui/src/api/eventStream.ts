import { apiUrl } from "./client";
import { type ApiError, errorOfBody, networkError } from "./errors";
import { announceSession } from "./session";

export interface StreamEvent {
  /** `message` where the server named none. */
  event: string;
  data: string;
  /** The last id that was sent, with this event or before it. */
  id: string;
}

/** Splits the text of a server-sent event stream into events, however its chunks are cut. */
export class EventParser {
  private rest = "";
  private event = "";
  private data: string[] = [];
  private id: string;

  constructor(id = "") {
    this.id = id;
  }

  /** The events that this chunk completes. */
  push(chunk: string): StreamEvent[] {
    const text = this.rest + chunk;
    // A carriage return at the end may be half of a line's end.
    const usable = text.endsWith("\r") ? text.slice(0, -1) : text;
    const lines = usable.split(/\r\n|\n|\r/);
    this.rest = (lines.pop() ?? "") + text.slice(usable.length);
    return lines.flatMap((line) => this.line(line));
  }

  private line(line: string): StreamEvent[] {
    if (line === "") return this.dispatch();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    else if (field === "id" && !value.includes("\0")) this.id = value;
    return [];
  }

  private dispatch(): StreamEvent[] {
    const { event, data, id } = this;
    this.event = "";
    this.data = [];
    return data.length === 0 ? [] : [{ event: event === "" ? "message" : event, data: data.join("\n"), id }];
  }
}

export type StreamState = "connecting" | "open" | "waiting" | "ended" | "refused";

export interface StreamOptions {
  onEvent: (event: StreamEvent) => void;
  /** `waiting`: the connection broke and is tried again by itself; `refused`: the server said no, which stays so. */
  onState: (state: StreamState, error: ApiError | null) => void;
  /** Go on behind this event. */
  lastEventId?: string;
  signal: AbortSignal;
  /** A stream without even a heartbeat for so long is broken, whatever the browser thinks of it. */
  silenceMs?: number;
  firstWaitMs?: number;
}

const LONGEST_WAIT_MS = 15_000;

/**
 * Reads a stream of events until the server sends `end` or the signal is raised. A broken connection is opened again
 * behind the last event that arrived, first after a second, then after ever longer. EventSource would do the same but
 * for an answer that is an error (a proxy's 502 while the server starts anew): then it gives up for ever.
 */
export async function followEvents(path: string, options: StreamOptions): Promise<void> {
  const { onEvent, onState, signal, silenceMs = 45_000, firstWaitMs = 1000 } = options;
  let lastId = options.lastEventId ?? "";
  let wait = firstWaitMs;
  while (!signal.aborted) {
    onState("connecting", null);
    try {
      const body = await open(path, lastId, signal);
      onState("open", null);
      let heard = false;
      let ended = false;
      await read(body, lastId, silenceMs, (event) => {
        heard = true;
        lastId = event.id;
        ended ||= event.event === "end";
        onEvent(event);
      });
      if (ended) return onState("ended", null);
      if (heard) wait = firstWaitMs;
      onState("waiting", null);
    } catch (cause) {
      if (signal.aborted) return;
      const error = asApiError(cause);
      if (!error.isTransient && !error.isSignedOut) return onState("refused", error);
      onState("waiting", error);
    }
    await pause(wait, signal);
    wait = Math.min(2 * wait, LONGEST_WAIT_MS);
  }
}

async function open(path: string, lastId: string, signal: AbortSignal): Promise<ReadableStream<Uint8Array>> {
  const headers: Record<string, string> = { Accept: "text/event-stream" };
  if (lastId !== "") headers["Last-Event-ID"] = lastId;
  const response = await fetch(apiUrl(path), { headers, credentials: "same-origin", cache: "no-store", signal });
  if (response.ok && response.body !== null) return response.body;
  if (response.status === 401) announceSession("signed_out");
  const body: unknown = await response.json().catch(() => null);
  throw errorOfBody(response.status, body, response.headers.get("Retry-After"));
}

/** Resolves when the stream is over or silent for too long. */
async function read(
  body: ReadableStream<Uint8Array>,
  lastId: string,
  silenceMs: number,
  onEvent: (event: StreamEvent) => void,
): Promise<void> {
  const reader = body.getReader();
  const decoder = new TextDecoder();
  const parser = new EventParser(lastId);
  try {
    for (;;) {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const silence = new Promise<null>((resolve) => {
        timer = setTimeout(() => resolve(null), silenceMs);
      });
      const got = await Promise.race([reader.read(), silence]);
      clearTimeout(timer);
      if (got === null || got.done) return;
      for (const event of parser.push(decoder.decode(got.value, { stream: true }))) onEvent(event);
    }
  } finally {
    reader.cancel().catch(() => undefined);
  }
}

function asApiError(cause: unknown): ApiError {
  return cause instanceof Error && cause.name === "ApiError" ? (cause as ApiError) : networkError();
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
