import type { HomeKind } from "../../src/model/edits";
import type { SamEdit } from "../../src/model/samPrompt";
import type { DecodeRequest, Home, SamImage, SamModel } from "../../src/sam/homes";
import type { Envelope, SamMessage, SamReply } from "../../src/sam/messages";
import { decodedOf } from "../../src/sam/shape";
import type { Port } from "../../src/sam/worker";

export const MODEL: SamModel = {
  id: "tiny",
  title: "Tiny",
  version: "0123456789ab",
  decoder: { url: "/decoder/", sha256: "d".repeat(64) },
};

export const IMAGE: SamImage = {
  id: "image",
  key: "k1",
  frame: { side: 4, inputSize: 8, resized: [8, 8], imageSize: [8, 8] },
  load: () => Promise.resolve(new ArrayBuffer(0)),
};

/** A click as it is kept. */
export function samClick(x: number, y: number, given: Partial<SamEdit> & { positive?: boolean } = {}): SamEdit {
  const { positive = true, ...rest } = given;
  return {
    kind: "sam",
    operation: "add",
    starts: false,
    event: { type: "point", x, y, positive },
    candidate: null,
    by: { model: MODEL.id, version: MODEL.version, home: "server" },
    counts: "",
    ...rest,
  };
}

/** A decoder with known answers: mask number n has 2n + 1 rows of ones more than the number of earlier logits above zero. */
export class FakeHome implements Home {
  readonly kind: HomeKind;
  readonly asked: DecodeRequest[] = [];
  /** Thrown by the next requests, first to last. */
  failures: unknown[] = [];
  onlyBest = false;

  constructor(kind: HomeKind) {
    this.kind = kind;
  }

  decode(request: DecodeRequest) {
    this.asked.push(request);
    const failure = this.failures.shift();
    if (failure !== undefined) return Promise.reject(failure as Error);
    const alone = request.steps.length === 1;
    const all = (alone ? [1, 2, 3] : [0]).map((index) => ({
      index,
      iou: index === 2 ? 0.9 : 0.5 + index / 100,
      logits: Float32Array.from({ length: 16 }, (_, at) => (at < 4 * (index + 1) ? 1 : -1)),
    }));
    const wantsOwn = "offset" in request.wanted && request.wanted.offset === 0;
    const sent =
      this.onlyBest && wantsOwn ? all.filter(({ iou }) => iou === Math.max(...all.map((one) => one.iou))) : all;
    return Promise.resolve({
      ...decodedOf(sent, request.image.frame, request.wanted),
      complete: sent.length === all.length,
    });
  }
}

/** A worker without a thread: answers are given by hand. */
export class FakePort implements Port {
  readonly sent: SamMessage[] = [];
  ended = false;
  onmessage: Port["onmessage"] = null;
  onerror: Port["onerror"] = null;
  onmessageerror: Port["onmessageerror"] = null;

  postMessage(message: unknown): void {
    this.sent.push(message as SamMessage);
  }

  terminate(): void {
    this.ended = true;
  }

  answer(envelope: Envelope, result: unknown): void {
    const data = { ...envelope, result } as SamReply;
    this.onmessage?.call(this as unknown as Worker, { data } as MessageEvent<SamReply>);
  }

  crash(message: string): void {
    this.onerror?.call(this as unknown as Worker, { message } as ErrorEvent);
  }
}
