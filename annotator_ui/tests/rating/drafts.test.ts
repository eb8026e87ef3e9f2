import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type DraftEvents, Drafts, IDLE_MS, type LocalDraft, pruneDrafts } from "../../src/state/rating/drafts";
import { MemoryStore } from "../../src/state/rating/storage";
import { Recorder } from "../../src/state/rating/telemetry";
import { assignmentOf, FakeServer, ManualClock } from "./fakes";

let server: FakeServer;
let store: MemoryStore;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  server = new FakeServer();
  store = new MemoryStore();
});

afterEach(() => {
  vi.useRealTimers();
});

const log = new Recorder(new ManualClock(), null, null).snapshot();

function tab(writer = "tab", events: DraftEvents = {}): Drafts {
  return new Drafts({ store, server, user: "me", writer, events });
}

const stored = () => store.get<LocalDraft>("draft/me/a");

test("a change is kept here at once and on the server after the idle time", async () => {
  const drafts = tab();
  await drafts.open(assignmentOf("a"));
  await drafts.change("a", { blur: 2 }, false, log);
  expect((await stored())?.values).toEqual({ blur: 2 });
  expect(server.drafts.size).toBe(0);
  await vi.advanceTimersByTimeAsync(IDLE_MS);
  expect(server.drafts.get("a")).toMatchObject({ revision: 1, draft: { values: { blur: 2 } } });
  expect((await stored())?.dirty).toBe(false);
});

test("a quick row of changes is one request", async () => {
  const drafts = tab();
  await drafts.open(assignmentOf("a"));
  for (let level = 0; level < 5; level++) {
    await drafts.change("a", { blur: level }, false, log);
    await vi.advanceTimersByTimeAsync(200);
  }
  await vi.advanceTimersByTimeAsync(IDLE_MS);
  expect(server.calls).toEqual(["saveDraft"]);
  expect(server.drafts.get("a")?.draft).toMatchObject({ values: { blur: 4 } });
});

test("a page that goes away sends what is due", async () => {
  const drafts = tab();
  await drafts.open(assignmentOf("a"));
  await drafts.change("a", { blur: 2 }, false, log);
  await drafts.flush(true);
  expect(server.drafts.has("a")).toBe(true);
});

test("a killed tab finds its answers and its log again", async () => {
  const before = tab();
  await before.open(assignmentOf("a"));
  await before.change("a", { blur: 2 }, true, log);
  const opened = await tab("another").open(assignmentOf("a"));
  expect(opened).toEqual({ values: { blur: 2 }, bulkClean: true, telemetry: log, from: "this device" });
});

test("answers given without a network reach the server later", async () => {
  const drafts = tab();
  await drafts.open(assignmentOf("a"));
  server.goAway();
  await drafts.change("a", { blur: 2 }, false, log);
  await vi.advanceTimersByTimeAsync(IDLE_MS);
  expect((await stored())?.dirty).toBe(true);
  server.comeBack();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(server.drafts.get("a")?.draft).toMatchObject({ values: { blur: 2 } });
});

test("the server's draft is taken where this device has none", async () => {
  const there = { values: { noise: 4 }, bulk_clean: false, saved_at: 5, writer: "elsewhere" };
  const opened = await tab().open(assignmentOf("a", { draft: there, draft_revision: 3 }));
  expect(opened).toMatchObject({ values: { noise: 4 }, from: "the server" });
});

test("a stale copy on this device does not overwrite a newer one from elsewhere", async () => {
  const here = tab();
  await here.open(assignmentOf("a"));
  await here.change("a", { noise: 1 }, false, log);
  await vi.advanceTimersByTimeAsync(IDLE_MS);
  const there = { values: { noise: 4 }, bulk_clean: false, saved_at: 2_000_000, writer: "elsewhere" };
  const opened = await tab("later").open(assignmentOf("a", { draft: there, draft_revision: 2 }));
  expect(opened).toMatchObject({ values: { noise: 4 }, from: "the server" });
});

test("in a conflict the newer answers win, here", async () => {
  const replaced = vi.fn();
  const drafts = tab("tab", { replaced });
  await drafts.open(assignmentOf("a"));
  server.drafts.set("a", { revision: 1, draft: { values: { noise: 4 }, saved_at: 5, writer: "elsewhere" } });
  await drafts.change("a", { noise: 1 }, false, log);
  await vi.advanceTimersByTimeAsync(IDLE_MS + 10);
  expect(server.drafts.get("a")).toMatchObject({ revision: 2, draft: { values: { noise: 1 } } });
  expect(replaced).not.toHaveBeenCalled();
});

test("in a conflict the newer answers win, there, and the person is told", async () => {
  const replaced = vi.fn();
  const drafts = tab("tab", { replaced });
  await drafts.open(assignmentOf("a"));
  await drafts.change("a", { noise: 1 }, false, log);
  server.drafts.set("a", { revision: 1, draft: { values: { noise: 4 }, saved_at: 9e12, writer: "elsewhere" } });
  await vi.advanceTimersByTimeAsync(IDLE_MS + 10);
  expect(replaced).toHaveBeenCalledWith("a", { noise: 4 }, false);
  expect((await stored())?.values).toEqual({ noise: 4 });
  expect(server.drafts.get("a")?.revision).toBe(1);
});

test("a reply that was lost is no conflict with oneself", async () => {
  const replaced = vi.fn();
  const drafts = tab("tab", { replaced });
  await drafts.open(assignmentOf("a"));
  server.after = () => {
    server.comeBack();
    throw new Error("lost");
  };
  await drafts.change("a", { noise: 1 }, false, log);
  await vi.advanceTimersByTimeAsync(IDLE_MS);
  await drafts.change("a", { noise: 2 }, false, log);
  await vi.advanceTimersByTimeAsync(IDLE_MS + 10);
  expect(server.drafts.get("a")).toMatchObject({ revision: 2, draft: { values: { noise: 2 } } });
  expect(replaced).not.toHaveBeenCalled();
});

test("a draft that was closed is gone and never sent", async () => {
  const drafts = tab();
  await drafts.open(assignmentOf("a"));
  await drafts.change("a", { noise: 1 }, false, log);
  await drafts.close("a");
  await vi.advanceTimersByTimeAsync(60_000);
  expect(await stored()).toBeNull();
  expect(server.calls).toEqual([]);
});

test("drafts that nobody came back to for two months are forgotten", async () => {
  const drafts = tab();
  await drafts.open(assignmentOf("a"));
  await drafts.change("a", { noise: 1 }, false, log);
  await pruneDrafts(store, Date.now() + 59 * 86_400_000);
  expect(await stored()).not.toBeNull();
  await pruneDrafts(store, Date.now() + 61 * 86_400_000);
  expect(await stored()).toBeNull();
});
