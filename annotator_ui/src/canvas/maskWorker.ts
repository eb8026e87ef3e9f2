import type { MaskAnswer, MaskReply, MaskRequest } from "./maskMessages";

interface Waiting {
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

const waiting = new Map<number, Waiting>();
let worker: Worker | null = null;
let nextId = 1;

function failAll(message: string): void {
  for (const { reject } of waiting.values()) reject(new Error(message));
  waiting.clear();
}

function started(): Worker {
  if (worker !== null) return worker;
  const fresh = new Worker(new URL("./mask.worker.ts", import.meta.url), { type: "module" });
  fresh.onmessage = (event: MessageEvent<MaskReply>) => {
    const reply = event.data;
    const request = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ("error" in reply) request?.reject(new Error(reply.error));
    else request?.resolve(reply.result as never);
  };
  fresh.onerror = () => {
    // The next request starts a new one: a crash on one huge mask must not end the page.
    worker = null;
    fresh.terminate();
    failAll("The mask could not be computed in this browser. Reload the page and try again.");
  };
  worker = fresh;
  return fresh;
}

/** Has the mask worker do heavy mask work off the main thread. Rejects when the mask is damaged or the worker fails. */
export function askMaskWorker<Request extends MaskRequest>(request: Request): Promise<MaskAnswer<Request>> {
  return new Promise((resolve, reject) => {
    const id = nextId++;
    waiting.set(id, { resolve, reject });
    started().postMessage({ ...request, id });
  });
}
