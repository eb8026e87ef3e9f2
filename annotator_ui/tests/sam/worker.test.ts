import { expect, test } from "vitest";
import { SamWorker, WorkerLost } from "../../src/sam/worker";
import { FakePort, IMAGE } from "./fakes";

function started() {
  const ports: FakePort[] = [];
  const worker = new SamWorker(() => {
    const port = new FakePort();
    ports.push(port);
    return port;
  });
  return { worker, ports };
}

const shape = { kind: "shape", logits: new Float32Array(16), frame: IMAGE.frame } as const;

test("every message says its request and its embedding, and answers find their request in any order", async () => {
  const { worker, ports } = started();
  const [first, second] = [worker.ask("k1", shape), worker.ask("k2", shape)];
  const port = ports[0];
  const sent = port?.sent.map(({ id, key, kind }) => ({ id, key, kind }));
  expect(sent).toEqual([
    { id: 1, key: "k1", kind: "shape" },
    { id: 2, key: "k2", kind: "shape" },
  ]);
  port?.answer({ id: 2, key: "k2" }, "two");
  port?.answer({ id: 1, key: "k1" }, "one");
  expect(await Promise.all([first, second])).toEqual(["one", "two"]);
});

test("an answer about another embedding is refused, and one that nobody waits for is left", async () => {
  const { worker, ports } = started();
  const asked = worker.ask("k1", shape);
  ports[0]?.answer({ id: 9, key: "k1" }, "nobody's");
  ports[0]?.answer({ id: 1, key: "k2" }, "another's");
  await expect(asked).rejects.toThrow("another image");
});

test("a worker that crashes fails what waits, and the next request starts another one", async () => {
  const { worker, ports } = started();
  const asked = worker.ask("k1", shape);
  ports[0]?.crash("out of memory");
  await expect(asked).rejects.toBeInstanceOf(WorkerLost);
  expect(ports[0]?.ended).toBe(true);
  const again = worker.ask("k1", shape);
  ports[1]?.answer({ id: 2, key: "k1" }, "fresh");
  expect(await again).toBe("fresh");
});
