import { expect, test } from "vitest";
import type { Proposal } from "../../../src/api/types";
import {
  currentOf,
  NO_QUEUE,
  openAfter,
  openCount,
  type QueueAction,
  queueReducer,
} from "../../../src/state/proposals/queue";

const row = (id: string) => ({ id }) as Proposal;
const run = (...actions: QueueAction[]) => actions.reduce(queueReducer, NO_QUEUE);
const ROWS: QueueAction = { type: "rows", rows: ["a", "b", "c"].map(row) };
const decide = (id: string, verdict: "accepted" | "rejected" = "accepted"): QueueAction => ({
  type: "decide",
  id,
  verdict,
});

test("the first one is shown, and each decision goes to the next", () => {
  expect(run(ROWS).current).toBe("a");
  const queue = run(ROWS, decide("a"));
  expect([queue.current, openAfter(queue)?.id, openCount(queue)]).toEqual(["b", "c", 2]);
});

test("what was passed over comes when the end is reached, and then nothing is left", () => {
  const queue = run(ROWS, { type: "step", by: 1 }, decide("b"), decide("c"));
  expect(queue.current).toBe("a");
  expect(currentOf(queueReducer(queue, decide("a")))).toBeNull();
});

test("undo takes the last decision back and shows it", () => {
  const queue = run(ROWS, decide("a"), decide("b", "rejected"), { type: "undo" });
  expect(queue.current).toBe("b");
  expect(queue.decided).toEqual([{ id: "a", verdict: "accepted" }]);
  expect(run(ROWS, { type: "undo" })).toEqual(run(ROWS));
});

test("a decision that the server refuses comes back", () => {
  expect(run(ROWS, decide("a"), decide("b"), { type: "refused", id: "a" })).toMatchObject({
    current: "a",
    decided: [{ id: "b", verdict: "accepted" }],
  });
});

test("more rows are put behind, none twice, and end an empty page", () => {
  const queue = run(ROWS, decide("a"), decide("b"), decide("c"), { type: "rows", rows: ["c", "d"].map(row) });
  expect(queue.rows.map(({ id }) => id)).toEqual(["a", "b", "c", "d"]);
  expect(queue.current).toBe("d");
  // The same rows again are no change: the page must not draw itself without end.
  expect(queueReducer(queue, ROWS)).toBe(queue);
});

test("stepping stays at the ends", () => {
  expect(run(ROWS, { type: "step", by: -1 }).current).toBe("a");
  expect(run(ROWS, { type: "step", by: 1 }, { type: "step", by: 1 }, { type: "step", by: 1 }).current).toBe("c");
});
