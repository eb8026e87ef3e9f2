import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ApiError, networkError } from "../../src/api/errors";
import { type Exclusive, Outbox, type OutboxItem, retryDelay } from "../../src/state/rating/outbox";
import { answersOf } from "../../src/state/rating/scales";
import { MemoryStore } from "../../src/state/rating/storage";
import { COMPLETE, FakeServer, problem } from "./fakes";

const alone: Exclusive = (_name, work) => work();

/** One tab at a time, as Web Locks make it. */
function sharedLock(): Exclusive {
  let last = Promise.resolve();
  return (_name, work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}

function bodyOf() {
  const answers = answersOf(COMPLETE);
  if (answers === null) throw new Error("COMPLETE is not complete.");
  return { ...answers, bulk_clean: false, telemetry: { version: 1 } };
}

const rating = (
  assignment: string,
  revises = false,
): Pick<OutboxItem, "study" | "assignment" | "answer" | "revises"> => ({
  study: "birds",
  assignment,
  revises,
  answer: { kind: "rating", body: bodyOf() },
});

let server: FakeServer;
let store: MemoryStore;

function tab(exclusive: Exclusive = alone): Outbox {
  return new Outbox({ store, server, user: "me", exclusive });
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  store = new MemoryStore();
});

afterEach(() => {
  vi.useRealTimers();
});

describe("an answer", () => {
  test("is sent and leaves the outbox", async () => {
    const outbox = tab();
    await outbox.put(rating("a"));
    await outbox.flush();
    expect(server.ratings.get("a")?.body.quality).toBe(2);
    expect(outbox.getState().waiting).toEqual([]);
    expect(await store.entries("outbox/")).toEqual([]);
  });

  test("waits without a network and goes out when it is back", async () => {
    const outbox = tab();
    server.goAway();
    await outbox.put(rating("a"));
    await outbox.flush();
    expect(outbox.getState()).toMatchObject({ held: "network" });
    expect(outbox.isWaiting("a")).toBe(true);
    server.comeBack();
    await vi.advanceTimersByTimeAsync(3_000);
    expect(server.ratings.has("a")).toBe(true);
    expect(outbox.getState()).toMatchObject({ held: "no", waiting: [] });
  });

  test("keeps its key over attempts, so that a lost reply does not double it", async () => {
    const outbox = tab();
    let lost = 0;
    server.after = (call) => {
      if (call === "submit" && lost++ === 0) throw networkError();
    };
    await outbox.put(rating("a"));
    await outbox.flush();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(server.calls.filter((call) => call === "submit")).toHaveLength(2);
    expect(server.ratings.get("a")?.revision).toBe(1);
    expect(outbox.getState().refused).toEqual([]);
  });

  test("survives a killed tab: the next page sends it with the same key", async () => {
    server.goAway();
    const before = tab();
    await before.put(rating("a"));
    await before.flush();
    const key = before.getState().waiting[0]?.key;
    before.stop();
    server.comeBack();
    const after = tab();
    await after.flush();
    expect(server.ratings.get("a")?.key).toBe(key);
  });

  test("is sent once by two tabs", async () => {
    const lock = sharedLock();
    const [one, two] = [tab(lock), tab(lock)];
    server.goAway();
    await one.put(rating("a"));
    await one.flush();
    server.comeBack();
    server.calls = [];
    await Promise.all([one.flush(), two.flush()]);
    expect(server.calls.filter((call) => call === "submit")).toHaveLength(1);
  });

  test("for an ROI that another tab has finished is not taken", async () => {
    server.goAway();
    const [one, two] = [tab(), tab()];
    expect(await one.put(rating("a"))).toBe(true);
    expect(await two.put(rating("a"))).toBe(false);
  });

  test("waits for the password when the log-in has run out", async () => {
    const outbox = tab();
    server.before = () => {
      throw problem(401, "not_authenticated");
    };
    await outbox.put(rating("a"));
    await outbox.flush();
    expect(outbox.getState().held).toBe("signed_out");
    server.comeBack();
    await vi.advanceTimersByTimeAsync(120_000);
    expect(server.ratings.size).toBe(0);
    await outbox.flush();
    expect(server.ratings.has("a")).toBe(true);
    expect(outbox.getState().held).toBe("no");
  });

  test("is not refused by somebody else's log-in", async () => {
    const outbox = tab();
    server.user = "somebody else";
    server.before = (call) => {
      if (call === "submit") throw problem(404, "assignment_not_found");
    };
    await outbox.put(rating("a"));
    await outbox.flush();
    expect(outbox.getState()).toMatchObject({ held: "other_person", refused: [] });
    expect(outbox.isWaiting("a")).toBe(true);
  });

  test("that the server refuses is kept, told of, and can be sent again with its key", async () => {
    const outbox = tab();
    const refused = vi.fn();
    outbox.on({ refused });
    server.before = (call) => {
      if (call === "submit") throw problem(422, "invalid");
    };
    await outbox.put(rating("a"));
    await outbox.flush();
    expect(refused).toHaveBeenCalledOnce();
    const [item] = outbox.getState().refused;
    expect(item?.refusal).toEqual({ code: "invalid", detail: "refused: invalid" });
    server.comeBack();
    await outbox.sendAgain("a");
    expect(server.ratings.get("a")?.key).toBe(item?.key);
  });

  test("does not hold back the ones behind it when it is refused", async () => {
    const outbox = tab();
    server.before = (call, assignment) => {
      if (call === "submit" && assignment === "a") throw problem(409, "already_rated");
    };
    await outbox.put(rating("a"));
    await outbox.put(rating("b"));
    await outbox.flush();
    await vi.advanceTimersByTimeAsync(10);
    expect(server.ratings.has("b")).toBe(true);
    await outbox.discard("a");
    expect(outbox.getState().refused).toEqual([]);
  });

  test("goes without its log rather than not at all", async () => {
    const outbox = tab();
    server.before = (call) => {
      if (call === "submit" && server.calls.length === 1) {
        throw new ApiError({ status: 400, code: "invalid", detail: "too long", fields: { telemetry: ["too long"] } });
      }
    };
    await outbox.put(rating("a"));
    await outbox.flush();
    expect(server.ratings.get("a")?.body).not.toHaveProperty("telemetry");
  });

  test("that revises opens its ROI again when the lease ran out meanwhile", async () => {
    const outbox = tab();
    await outbox.put(rating("a"));
    await outbox.flush();
    await outbox.put(rating("a", true));
    await outbox.flush();
    expect(server.ratings.get("a")?.revision).toBe(2);
  });

  test("survives a stale CSRF token", async () => {
    const outbox = tab();
    server.before = (call) => {
      if (call === "submit" && !server.calls.includes("refreshCsrf")) throw problem(403, "csrf_failed");
    };
    await outbox.put(rating("a"));
    await outbox.flush();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(server.ratings.has("a")).toBe(true);
  });

  test("is kept in memory, with a warning, when the browser cannot store it", async () => {
    const outbox = tab();
    server.goAway();
    vi.spyOn(store, "add").mockRejectedValue(new DOMException("full", "QuotaExceededError"));
    await outbox.put(rating("a"));
    await outbox.flush();
    expect(outbox.isWaiting("a")).toBe(true);
    expect(outbox.getState().durable).toBe(false);
    server.comeBack();
    await outbox.flush();
    expect(server.ratings.has("a")).toBe(true);
  });
});

test("the waits grow to a minute and no further", () => {
  expect([1, 2, 3, 7, 30].map((attempts) => retryDelay(attempts, 0))).toEqual([1_000, 2_000, 4_000, 60_000, 60_000]);
  expect(retryDelay(1, 1)).toBe(1_250);
});
