import { expect, test } from "vitest";
import { runsArea, stringToRuns } from "../../src/geometry/rle";
import { type SamStep, stepOf } from "../../src/model/samPrompt";
import { HomeChooser } from "../../src/sam/chooser";
import { SamSession } from "../../src/sam/session";
import { shaped } from "../../src/sam/shape";
import { SamWorker } from "../../src/sam/worker";
import { FakeHome, FakePort, IMAGE, MODEL, samClick } from "./fakes";

function session({ onlyBest = false, cacheBytes = 1_000_000 } = {}) {
  const home = new FakeHome("server");
  home.onlyBest = onlyBest;
  const homes = new HomeChooser(MODEL, {
    server: home,
    openBrowser: () => Promise.reject(new Error("none here")),
    storage: { getItem: () => null, setItem: () => undefined },
    now: () => 0,
    clock: () => 0,
    wait: () => Promise.resolve(),
  });
  const port = new FakePort();
  port.postMessage = (message) => {
    const { id, key, logits, frame } = message as never as {
      id: number;
      key: string;
      logits: Float32Array;
      frame: typeof IMAGE.frame;
    };
    queueMicrotask(() => port.answer({ id, key }, shaped(logits, frame)));
  };
  const worker = new SamWorker(() => port);
  return { home, session: new SamSession({ image: IMAGE, model: MODEL, homes, worker, cacheBytes }) };
}

const click = (x: number, candidate: number | null = null): SamStep => stepOf(samClick(x, 0, { candidate }));

test("a place is decoded once, however often it is pointed at, and by hover and click together too", async () => {
  const { home, session: one } = session();
  const [hovered, clicked] = await Promise.all([one.find([click(1)], 0, false), one.find([click(1)], 0, true)]);
  expect(hovered.mask).toEqual(clicked.mask);
  await one.find([click(1)], 0, false);
  expect(home.asked).toHaveLength(1);
  expect(one.peek([click(1)], 0)?.mask.area).toBe(hovered.mask.area);
  expect(one.peek([click(2)], 0)).toBeNull();
});

test("the wheel goes through the candidates by size, and says which one was chosen", async () => {
  const { home, session: one } = session();
  const own = await one.find([click(1)], 0, false);
  const larger = await one.find([click(1)], 1, false);
  expect(own).toMatchObject({ candidate: null, choice: { step: 1, count: 3, own: 1 } });
  expect(larger).toMatchObject({ candidate: 3, choice: { step: 2, count: 3, own: 1 } });
  expect(runsArea(stringToRuns(larger.mask.counts, [8, 8]))).toBeGreaterThan(own.mask.area);
  expect(home.asked).toHaveLength(1);
});

test("a server that sends only the best is asked for all when another one is wanted", async () => {
  const { home, session: one } = session({ onlyBest: true });
  expect((await one.find([click(1)], 0, false)).choice).toBeNull();
  expect((await one.find([click(1)], 1, false)).candidate).toBe(3);
  expect(home.asked.map(({ wanted }) => wanted)).toEqual([{ offset: 0 }, { offset: 1 }]);
});

test("the mask before feeds the next click: the one that was chosen", async () => {
  const { home, session: one } = session({ onlyBest: true });
  await one.find([click(1)], 1, true);
  await one.find([click(1, 3), click(2)], 0, true);
  const above = home.asked.at(-1)?.previous?.filter((value) => value > 0).length;
  expect(above).toBe(16);
});

test("undo goes back to the mask before the click, and what follows is fed by that one", async () => {
  const { home, session: one } = session();
  const steps = [click(1), click(2), click(3)];
  for (let count = 1; count <= 3; count++) await one.find(steps.slice(0, count), 0, true);
  await one.find([click(1), click(4)], 0, true);
  const [first] = home.asked;
  expect(home.asked).toHaveLength(4);
  expect(home.asked[3]?.previous).toEqual(home.asked[1]?.previous);
  expect(first?.previous).toBeNull();
});

test("what had to make room is worked out again from the events", async () => {
  const { home, session: one } = session({ cacheBytes: 1 });
  const steps = [click(1), click(2), click(3)];
  const first = await one.find(steps, 0, true);
  expect(home.asked.map((request) => request.steps.length)).toEqual([1, 2, 3]);
  expect((await one.find(steps, 0, true)).mask).toEqual(first.mask);
  expect(home.asked).toHaveLength(6);
});
