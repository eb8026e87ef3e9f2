import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { formReducer, missingFields, openForm } from "../../src/state/rating/form";
import { commandOf } from "../../src/state/rating/keyboard";
import { Outbox } from "../../src/state/rating/outbox";
import { FIELDS, valuesOf } from "../../src/state/rating/scales";
import { RatingSession } from "../../src/state/rating/session";
import { MemoryStore } from "../../src/state/rating/storage";
import { FakeServer, ManualClock, MODEL_SAYS } from "./fakes";

const SAID = valuesOf(MODEL_SAYS);

let server: FakeServer;
let store: MemoryStore;
let reveals: boolean;

async function started(): Promise<RatingSession> {
  const outbox = new Outbox({ store, server, user: "me", exclusive: (_name, work) => work() });
  const session = new RatingSession({
    study: "birds",
    user: "me",
    writer: "this tab",
    server,
    store,
    outbox,
    clock: new ManualClock(),
    screen: null,
    prefetch: () => undefined,
    isVisible: () => true,
    reveals: () => reveals,
  });
  await session.start();
  await settle();
  return session;
}

const settle = () => vi.advanceTimersByTimeAsync(5);
const shownId = (session: RatingSession) => session.getState().current?.assignment.id;

async function rate(session: RatingSession, level = 2): Promise<void> {
  for (const field of FIELDS) session.dispatch({ type: "choose", field, value: level }, "keyboard");
  await Promise.race([session.submit("keyboard"), settle()]);
  await settle();
}

beforeEach(() => {
  vi.useFakeTimers();
  server = new FakeServer();
  store = new MemoryStore();
  reveals = true;
});

afterEach(() => {
  vi.useRealTimers();
});

describe("the model's view after the answer", () => {
  beforeEach(() => {
    server.revealed.set("a", MODEL_SAYS);
  });

  test("stands beside the own answer, and the next ROI waits", async () => {
    const session = await started();
    await rate(session);
    const { current, undoable } = session.getState();
    expect(shownId(session)).toBe("a");
    expect(current?.reveal?.model).toEqual(SAID);
    expect(current?.form.values).toEqual(current?.reveal?.mine);
    expect(undoable).toBeNull();
  });

  test("is asked for only when the answer is with the server", async () => {
    const session = await started();
    await rate(session);
    expect(server.calls.indexOf("reveal")).toBeGreaterThan(server.calls.indexOf("submit"));
  });

  test("Enter keeps the answer, which is told too", async () => {
    const session = await started();
    await rate(session);
    await session.submit("keyboard");
    await settle();
    expect(shownId(session)).toBe("b");
    expect(server.thoughts.get("a")?.quality).toBe(2);
    expect(server.ratings.get("a")?.body.quality).toBe(2);
  });

  test("a second thought is stored apart from the answer", async () => {
    const session = await started();
    await rate(session);
    session.dispatch({ type: "choose", field: "quality", value: 1 }, "mouse");
    await session.submit("keyboard");
    await settle();
    expect(server.thoughts.get("a")?.quality).toBe(1);
    expect(server.ratings.get("a")?.body.quality).toBe(2);
    expect(server.drafts.has("a")).toBe(false);
  });

  test("the answer can no longer be undone", async () => {
    const session = await started();
    await rate(session);
    await session.undo();
    expect(session.getState().notice?.text).toContain("your answer stands");
    expect(server.calls).not.toContain("reopen");
  });

  test("there is none where the server has none, and the next ROI shows at once", async () => {
    server.revealed.clear();
    const session = await started();
    await rate(session);
    expect(shownId(session)).toBe("b");
    expect(server.calls).not.toContain("reveal");
  });

  test("nobody waits for it without a network", async () => {
    const session = await started();
    server.goAway();
    await rate(session);
    expect(shownId(session)).toBe("b");
  });

  test("nobody waits for it long", async () => {
    const session = await started();
    server.submit = () => new Promise(() => undefined);
    await rate(session);
    expect(shownId(session)).toBe("a");
    await vi.advanceTimersByTimeAsync(4_100);
    expect(shownId(session)).toBe("b");
  });

  test("a study of another mode never asks", async () => {
    reveals = false;
    const session = await started();
    await rate(session);
    expect(shownId(session)).toBe("b");
  });
});

describe("a form that came filled in", () => {
  beforeEach(() => {
    reveals = false;
    server.prefilled.set("a", MODEL_SAYS);
  });

  test("holds no answer of the person yet", async () => {
    const session = await started();
    const form = session.getState().current?.form;
    expect(form?.values).toEqual({});
    expect(form?.suggested).toEqual(SAID);
  });

  test("is not sent before every level is answered or confirmed", async () => {
    const session = await started();
    session.dispatch({ type: "digit", value: 3 }, "keyboard");
    await session.submit("keyboard");
    expect(session.getState().notice?.text).toBe(
      "Noise still shows the model's level, and 6 more. Answer, or press C where the model is right.",
    );
    expect(server.calls).not.toContain("submit");
  });

  test("one key confirms the rest, and what was answered stays", async () => {
    const session = await started();
    session.dispatch({ type: "choose", field: "blur", value: 4 }, "mouse");
    session.dispatch({ type: "confirm" }, "keyboard");
    await session.submit("keyboard");
    await settle();
    const body = server.ratings.get("a")?.body;
    expect(body?.distortions).toEqual({ ...MODEL_SAYS.distortions, blur: 4 });
    expect(body?.confirmed).toEqual(FIELDS);
  });

  test("a blind form says nothing of confirming", async () => {
    server.prefilled.clear();
    const session = await started();
    await rate(session);
    expect(server.ratings.get("a")?.body).not.toHaveProperty("confirmed");
  });

  test("arrows start from the model's level", () => {
    const form = formReducer(openForm({}, false, SAID), { type: "step", by: -1 });
    expect(form.values).toEqual({ exposure: 4 });
  });

  test("confirming is C, and does nothing on a form of one's own", () => {
    const key = {
      key: "c",
      code: "KeyC",
      shiftKey: false,
      ctrlKey: false,
      altKey: false,
      metaKey: false,
      repeat: false,
    };
    expect(commandOf(key)).toEqual({ type: "confirm" });
    const own = openForm({ blur: 1 });
    expect(formReducer(own, { type: "confirm" })).toBe(own);
    expect(missingFields(formReducer(openForm({}, false, SAID), { type: "confirm" }))).toEqual([]);
  });
});
