import type { SamAnswer, SamMessage, SamReply, SamRequest } from "./messages";

/** The worker ended, and what it was asked has no answer. */
export class WorkerLost extends Error {
  override readonly name = "WorkerLost";
}

/** The part of Worker that is used: tests have one without threads. */
export type Port = Pick<Worker, "postMessage" | "terminate" | "onmessage" | "onerror" | "onmessageerror">;

interface Waiting {
  key: string;
  resolve: (result: never) => void;
  reject: (error: Error) => void;
}

/** Asks a worker and gives every answer to the request that it belongs to. */
export class SamWorker {
  readonly #make: () => Port;
  readonly #waiting = new Map<number, Waiting>();
  #port: Port | null = null;
  #nextId = 1;

  constructor(make: () => Port) {
    this.#make = make;
  }

  /** Rejects with WorkerLost when the worker ends before it answers; the next request starts a new one. */
  ask<Request extends SamRequest>(
    key: string,
    request: Request,
    transfer: Transferable[] = [],
  ): Promise<SamAnswer<Request>> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#waiting.set(id, { key, resolve, reject });
      this.#started().postMessage({ ...request, id, key } satisfies SamMessage, transfer);
    });
  }

  #started(): Port {
    if (this.#port !== null) return this.#port;
    const port = this.#make();
    port.onmessage = ({ data }: MessageEvent<SamReply>) => this.#settle(data);
    port.onerror = (event) => this.#lose("message" in event ? event.message : "");
    port.onmessageerror = () => this.#lose("an answer could not be read");
    this.#port = port;
    return port;
  }

  #settle(reply: SamReply): void {
    const request = this.#waiting.get(reply.id);
    if (request === undefined) return;
    this.#waiting.delete(reply.id);
    // An answer about another embedding is never shown as one about this.
    if (request.key !== reply.key) request.reject(new WorkerLost("The answer is about another image."));
    else if ("error" in reply) request.reject(new Error(reply.error));
    else request.resolve(reply.result as never);
  }

  #lose(why: string): void {
    this.#port?.terminate();
    this.#port = null;
    for (const { reject } of this.#waiting.values())
      reject(new WorkerLost(`The browser's decoder stopped${why === "" ? "" : `: ${why}`}.`));
    this.#waiting.clear();
  }
}

const make = () => new Worker(new URL("./sam.worker.ts", import.meta.url), { type: "module" });

/** Runs the decoder in this browser. */
export const decoderWorker = new SamWorker(make);

/** Makes masks of logits. Another one, so that the server's answers need not wait while this browser's decoder is loaded. */
export const shapeWorker = new SamWorker(make);
