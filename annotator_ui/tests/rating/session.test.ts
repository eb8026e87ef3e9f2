import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { Outbox } from "../../src/state/rating/outbox";
import { FIELDS } from "../../src/state/rating/scales";
import { RatingSession } from "../../src/state/rating/session";
import { MemoryStore } from "../../src/state/rating/storage";
import { FakeServer, ManualClock, problem } from "./fakes";

let server: FakeServer;
let store: MemoryStore;
let clock: ManualClock;
let visible: boolean;
const prefetched: string[] = [];

function tab(): RatingSession {
  const outbox = new Outbox({ store, server, user: "me", exclusive: (_name, work) => work() });
  return new RatingSession({
    study: "birds",
    user: "me",
    writer: `tab ${Math.random()}`,
    server,
    store,
    outbox,
    clock,
    screen: null,
    prefetch: ({ id }) => prefetched.push(id),
    isVisible: () => visible,
    reveals: () => false,
  });
}

async function started(): Promise<RatingSession> {
  const session = tab();
  await session.start();
  await settle();
  return session;
}

/** Lets every request and every write that is under way finish. */
const settle = () => vi.advanceTimersByTimeAsync(5);

const shownId = (session: RatingSession) => session.getState().current?.assignment.id;

function answerAll(session: RatingSession, level = 2): void {
  for (const field of FIELDS) session.dispatch({ type: "choose", field, value: level }, "keyboard");
}

async function rate(session: RatingSession, level = 2): Promise<void> {
  answerAll(session, level);
  await session.submit("keyboard");
  await settle();
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  store = new MemoryStore();
  clock = new ManualClock();
  visible = true;
  prefetched.length = 0;
});

afterEach(() => {
  vi.useRealTimers();
});

describe("claiming", () => {
  test("the first ROI is shown and the next one stands ready", async () => {
    const session = await started();
    expect(shownId(session)).toBe("a");
    expect(prefetched).toEqual(["a", "b"]);
  });

  test("after a submit the next ROI shows and another one is fetched", async () => {
    const session = await started();
    await rate(session);
    expect(shownId(session)).toBe("b");
    expect(prefetched).toEqual(["a", "b", "c"]);
    expect(server.ratings.get("a")?.body.distortions.blur).toBe(2);
    expect(session.getState()).toMatchObject({ ratedHere: 1, undoable: "a" });
  });

  test("the end of the study is told", async () => {
    server.queue = ["a"];
    const session = await started();
    await rate(session);
    expect(session.getState()).toMatchObject({ current: null, idle: { why: "nothing_left" } });
  });

  test("a paused study is told", async () => {
    server.before = (call) => {
      if (call === "claim") throw problem(409, "study_paused");
    };
    const session = await started();
    expect(session.getState().idle).toMatchObject({ why: "refused", code: "study_paused" });
  });

  test("a break that is due is told with its end, and the next ROI opens by itself afterwards", async () => {
    let due = true;
    server.before = (call) => {
      if (call === "claim" && due) throw problem(409, "break_due", { seconds: 90 });
    };
    const session = await started();
    expect(session.getState().idle).toMatchObject({ why: "break" });
    due = false;
    await vi.advanceTimersByTimeAsync(89_000);
    expect(session.getState().current).toBeNull();
    await vi.advanceTimersByTimeAsync(2_000);
    expect(shownId(session)).toBe("a");
  });

  test("a break that is due leaves the ROI on screen alone", async () => {
    let claims = 0;
    server.before = (call) => {
      if (call === "claim" && ++claims > 1) throw problem(409, "break_due", { seconds: 300 });
    };
    const session = await started();
    expect(shownId(session)).toBe("a");
    await rate(session);
    expect(server.ratings.has("a")).toBe(true);
    expect(session.getState()).toMatchObject({ current: null, idle: { why: "break" } });
  });

  test("without a network it tries again by itself", async () => {
    server.goAway();
    const session = await started();
    expect(session.getState().idle.why).toBe("network");
    server.comeBack();
    await vi.advanceTimersByTimeAsync(5_100);
    expect(shownId(session)).toBe("a");
  });

  test("a reload shows the same ROI with its answers", async () => {
    const before = await started();
    before.dispatch({ type: "digit", value: 4 }, "keyboard");
    await settle();
    const after = await started();
    expect(shownId(after)).toBe("a");
    expect(after.getState().current?.form.values).toEqual({ exposure: 4 });
  });

  test("leaving gives the unseen ROI back and keeps the one on screen", async () => {
    const session = await started();
    session.stop();
    await settle();
    expect(server.released).toEqual(["b"]);
  });
});

describe("submitting", () => {
  test("goes to the first missing row and says which", async () => {
    const session = await started();
    session.dispatch({ type: "choose", field: "exposure", value: 1 }, "mouse");
    session.dispatch({ type: "goto", field: "importance" }, "mouse");
    await session.submit("keyboard");
    expect(session.getState().current?.form.cursor).toBe(1);
    expect(session.getState().notice?.text).toBe("Noise has no answer yet, and 6 more.");
    expect(server.ratings.size).toBe(0);
  });

  test("a second Enter in the same moment submits nothing", async () => {
    const session = await started();
    answerAll(session);
    await Promise.all([session.submit("keyboard"), session.submit("keyboard")]);
    await settle();
    expect(server.calls.filter((call) => call === "submit")).toHaveLength(1);
    expect(shownId(session)).toBe("b");
  });

  test("goes on without a network; all answers arrive when it is back", async () => {
    const session = await started();
    server.goAway();
    await rate(session, 1);
    expect(shownId(session)).toBe("b");
    await rate(session, 3);
    expect(session.getState().current).toBeNull();
    server.comeBack();
    await session.retry();
    await vi.advanceTimersByTimeAsync(6_000);
    expect([...server.ratings.keys()]).toEqual(["a", "b"]);
    expect(shownId(session)).toBe("c");
  });

  test("an answer that waits is not handed out again after a reload", async () => {
    const before = await started();
    server.before = (call) => {
      if (call === "submit") throw problem(500, "server_error");
    };
    await rate(before);
    const after = await started();
    expect(shownId(after)).toBe("b");
  });

  test("the log of the rating goes with it", async () => {
    const session = await started();
    session.shown();
    clock.advance(2_000);
    await rate(session);
    expect(server.ratings.get("a")?.body.telemetry).toMatchObject({
      visible_ms: 2_000,
      fields: { blur: { first_value: 2, final_value: 2, first_ms: 2_000 } },
      inputs: { keyboard: 9 },
    });
  });

  test("cannot judge sends a reason and no answers", async () => {
    const session = await started();
    await session.skip("too_small", "");
    await settle();
    expect(server.skipped).toEqual(["a"]);
    expect(shownId(session)).toBe("b");
  });

  test("an ROI finished in another tab makes room here", async () => {
    const session = await started();
    await session.finishedElsewhere("a");
    await settle();
    expect(shownId(session)).toBe("b");
  });
});

describe("undo", () => {
  test("opens the last ROI with one's own answers; submitting makes a revision", async () => {
    const session = await started();
    await rate(session, 3);
    await session.undo();
    await settle();
    const { current } = session.getState();
    expect(current).toMatchObject({ assignment: { id: "a" }, revises: true });
    expect(current?.form.values).toEqual(Object.fromEntries(FIELDS.map((field) => [field, 3])));
    session.dispatch({ type: "choose", field: "blur", value: 0 }, "keyboard");
    await session.submit("keyboard");
    await settle();
    expect(server.ratings.get("a")).toMatchObject({ revision: 2, body: { distortions: { blur: 0 } } });
    expect(shownId(session)).toBe("b");
    expect(session.getState().ratedHere).toBe(1);
  });

  test("keeps what was answered of the ROI on screen", async () => {
    const session = await started();
    await rate(session);
    session.dispatch({ type: "digit", value: 4 }, "keyboard");
    await session.undo();
    await session.submit("keyboard");
    await settle();
    expect(shownId(session)).toBe("b");
    expect(session.getState().current?.form.values).toEqual({ exposure: 4 });
  });

  test("waits until the answer has arrived", async () => {
    const session = await started();
    server.goAway();
    await rate(session);
    const undone = session.undo();
    server.comeBack();
    await vi.advanceTimersByTimeAsync(16_000);
    await undone;
    expect(shownId(session)).toBe("a");
  });

  test("says that it needs the server when that is away", async () => {
    const session = await started();
    server.goAway();
    await rate(session);
    const undone = session.undo();
    await vi.advanceTimersByTimeAsync(16_000);
    await undone;
    expect(shownId(session)).toBe("b");
    expect(session.getState().notice?.text).toContain("Undo needs the server");
  });

  test("takes a skip back", async () => {
    const session = await started();
    await session.skip("other", "note");
    await settle();
    await session.undo();
    await settle();
    expect(session.getState().current).toMatchObject({ assignment: { id: "a" }, revises: false, form: { values: {} } });
  });

  test("is refused with a reason when there is nothing to undo", async () => {
    const session = await started();
    await session.undo();
    expect(session.getState().notice?.text).toBe("There is nothing to undo.");
  });
});

describe("leases", () => {
  test("are renewed while the page is seen", async () => {
    const session = await started();
    await session.renewLeases();
    expect(server.calls.filter((call) => call === "renew")).toHaveLength(2);
    visible = false;
    await session.renewLeases();
    expect(server.calls.filter((call) => call === "renew")).toHaveLength(2);
  });

  test("are left to run out when nobody has touched the page for long", async () => {
    const session = await started();
    clock.advance(11 * 60_000);
    await session.renewLeases();
    expect(server.calls).not.toContain("renew");
  });

  test("lost on an untouched ROI bring another one", async () => {
    const session = await started();
    server.active = [];
    await session.renewLeases();
    await settle();
    expect(shownId(session)).toBe("c");
  });

  test("lost on an ROI with answers change nothing: a late submit is accepted", async () => {
    const session = await started();
    session.dispatch({ type: "digit", value: 4 }, "keyboard");
    server.active = [];
    await session.renewLeases();
    await settle();
    expect(shownId(session)).toBe("a");
  });
});

test("answers from another device that are newer are taken over, and told", async () => {
  const session = await started();
  server.drafts.set("a", { revision: 1, draft: { values: { noise: 4 }, saved_at: 9e15, writer: "phone" } });
  session.dispatch({ type: "digit", value: 1 }, "keyboard");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(session.getState().current?.form.values).toEqual({ noise: 4 });
  expect(session.getState().notice?.tone).toBe("warn");
});
