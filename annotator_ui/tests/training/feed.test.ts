import { expect, test } from "vitest";
import { EMPTY_FEED, feedAfter, LOG_LINES, mergedPoints, type RunFeed } from "../../src/screens/training/runFeed";

function after(...events: readonly [string, unknown][]): RunFeed {
  return events.reduce<RunFeed>(
    (feed, [event, data], index) => feedAfter(feed, { event, data: JSON.stringify(data), id: String(index + 1) }),
    EMPTY_FEED,
  );
}

test("points stand by step, and a run that goes on from a checkpoint says its steps again", () => {
  const feed = after(
    ["point", { step: 1, loss: 3 }],
    ["point", { step: 2, loss: 2 }],
    ["point", { step: 1, loss: 2.9 }],
    ["point", { step: 2, quality_srocc: 0.4 }],
  );
  expect(feed.points).toEqual([
    { step: 1, loss: 2.9 },
    { step: 2, loss: 2, quality_srocc: 0.4 },
  ]);
  expect(feed.lastEventId).toBe("4");
});

test("the stream's word counts over the curve that was read before it", () => {
  expect(
    mergedPoints(
      [
        { step: 1, loss: 9 },
        { step: 5, loss: 4 },
      ],
      [{ step: 1, loss: 3 }],
    ),
  ).toEqual([
    { step: 1, loss: 3 },
    { step: 5, loss: 4 },
  ]);
});

test("the log is a tail", () => {
  const feed = after(
    ...Array.from({ length: LOG_LINES + 3 }, (_, index): [string, unknown] => ["log", `line ${index}`]),
  );
  expect(feed.log).toHaveLength(LOG_LINES);
  expect(feed.log[0]?.line).toBe("line 3");
});

test("a sample that was read before the stream told it stands there once", () => {
  const feed = after(
    ["sample", { step: 2, roi: "a" }],
    ["sample", { step: 1, roi: "a" }],
    ["sample", { step: 2, roi: "a" }],
  );
  expect(feed.samples).toEqual([
    { step: 2, roi: "a" },
    { step: 1, roi: "a" },
  ]);
});

test("the newest samples stand first, and the last row of the run counts", () => {
  const feed = after(
    ["sample", { step: 1, roi: "a" }],
    ["sample", { step: 2, roi: "b" }],
    ["run", { number: 3, state: "running" }],
  );
  expect(feed.samples.map(({ roi }) => roi)).toEqual(["b", "a"]);
  expect(feed.run).toMatchObject({ number: 3 });
});

test("what cannot be read is left out", () => {
  const feed = feedAfter(EMPTY_FEED, { event: "point", data: "no JSON", id: "3" });
  expect(feed).toEqual({ ...EMPTY_FEED, lastEventId: "3" });
});
