import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { EventParser, followEvents, type StreamEvent } from "../../src/api/eventStream";

function parsed(...chunks: string[]): StreamEvent[] {
  const parser = new EventParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

describe("the format", () => {
  test("an event has a name, data of several lines, and an id that stays until the next", () => {
    expect(parsed("id: 7\nevent: log\ndata: one\ndata: two\n\ndata:three\n\n")).toEqual([
      { event: "log", data: "one\ntwo", id: "7" },
      { event: "message", data: "three", id: "7" },
    ]);
  });

  test("chunks may be cut anywhere, within a line's end too", () => {
    const text = "event: point\r\ndata: {}\r\n\r\nevent: end\r\ndata: {}\r\n\r\n";
    const whole = parsed(text);
    expect(whole.map(({ event }) => event)).toEqual(["point", "end"]);
    for (let cut = 1; cut < text.length; cut += 1) {
      expect(parsed(text.slice(0, cut), text.slice(cut))).toEqual(whole);
    }
    expect(parsed(...text)).toEqual(whole);
  });

  test("heartbeats, fields nobody knows and events without data are nothing", () => {
    expect(parsed(": still here\n\nretry: 100\nsomething\n\nevent: log\n\n")).toEqual([]);
  });
});

describe("a connection", () => {
  let asked: Headers[];
  let answers: (() => Response)[];

  beforeEach(() => {
    asked = [];
    answers = [];
    vi.stubGlobal("document", { cookie: "" });
    vi.stubGlobal("fetch", (_: string, init: RequestInit) => {
      asked.push(new Headers(init.headers));
      const answer = answers.shift();
      return answer === undefined ? Promise.reject(new TypeError("Failed to fetch")) : Promise.resolve(answer());
    });
  });

  afterEach(() => {
    vi.unstubAllGlobals();
  });

  const stream = (text: string) => () => new Response(text, { status: 200 });
  const problem = (status: number) => () => new Response(JSON.stringify({ code: "x", detail: "No." }), { status });

  async function follow(options: { silenceMs?: number; lastEventId?: string } = {}) {
    const events: string[] = [];
    const states: string[] = [];
    await followEvents("training-runs/1/events/", {
      onEvent: ({ event }) => events.push(event),
      onState: (state, error) => states.push(error === null ? state : `${state} ${error.status}`),
      signal: new AbortController().signal,
      firstWaitMs: 1,
      ...options,
    });
    return { events, states };
  }

  test("that breaks is opened again behind the last event", async () => {
    answers = [stream("id: 4\ndata: a\n\n"), stream("id: 5\nevent: end\ndata: {}\n\n")];
    const { events, states } = await follow();
    expect(events).toEqual(["message", "end"]);
    expect(asked.map((headers) => headers.get("Last-Event-ID"))).toEqual([null, "4"]);
    expect(states).toEqual(["connecting", "open", "waiting", "connecting", "open", "ended"]);
  });

  test("outlives a proxy that has no server behind it, and a network that is away", async () => {
    answers = [
      problem(502),
      () => {
        throw new TypeError("Failed to fetch");
      },
      stream("event: end\ndata: {}\n\n"),
    ];
    expect((await follow()).states).toContain("waiting 502");
    expect(asked).toHaveLength(3);
  });

  test("that the server refuses is not asked for again", async () => {
    answers = [problem(404)];
    expect((await follow()).states).toEqual(["connecting", "refused 404"]);
  });

  test("that is silent for too long counts as broken", async () => {
    answers = [() => new Response(new ReadableStream(), { status: 200 }), stream("event: end\ndata: {}\n\n")];
    expect((await follow({ silenceMs: 5, lastEventId: "9" })).states).toEqual([
      "connecting",
      "open",
      "waiting",
      "connecting",
      "open",
      "ended",
    ]);
    expect(asked.map((headers) => headers.get("Last-Event-ID"))).toEqual(["9", "9"]);
  });

  test("ends when the page lets go of it", async () => {
    const stop = new AbortController();
    answers = [stream("data: a\n\n")];
    const states: string[] = [];
    await followEvents("training-runs/1/events/", {
      onEvent: () => stop.abort(),
      onState: (state) => states.push(state),
      signal: stop.signal,
      firstWaitMs: 60_000,
    });
    expect(asked).toHaveLength(1);
  });
});
