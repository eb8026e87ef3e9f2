import { api } from "../api/client";
import { toHalf } from "../geometry/half";
import type { LowResFrame } from "../geometry/lowRes";
import type { HomeKind } from "../model/edits";
import { isAmbiguous, promptOf, type SamStep } from "../model/samPrompt";
import type { Decoded, DecoderFile, Wanted } from "./messages";
import type { SamWorker } from "./worker";

/** A segmentation model as the page uses it. */
export interface SamModel {
  readonly id: string;
  readonly title: string;
  /** What provenance calls its weights. */
  readonly version: string;
  readonly decoder: DecoderFile;
}

/** An image whose embedding is there. */
export interface SamImage {
  readonly id: string;
  /** Content address of the embedding. */
  readonly key: string;
  readonly frame: LowResFrame;
  /** The embedding's bytes; the browser's own cache has them. */
  readonly load: () => Promise<ArrayBuffer>;
}

export interface DecodeRequest {
  readonly image: SamImage;
  readonly steps: readonly SamStep[];
  readonly previous: Float32Array | null;
  readonly wanted: Wanted;
}

/** A place where the decoder runs. */
export interface Home {
  readonly kind: HomeKind;
  /** `complete` when all candidates were answered and not only the wanted one. */
  decode: (request: DecodeRequest) => Promise<Decoded & { readonly complete: boolean }>;
}

/** Threads help up to about four, and need memory that the page shares with them. */
function threads(): number {
  return globalThis.crossOriginIsolated === true ? Math.max(1, Math.min(4, navigator.hardwareConcurrency)) : 1;
}

/** Opens the decoder in this browser. Rejects with the reason when it cannot run here. */
export async function openBrowserHome(worker: SamWorker, model: SamModel, key: string): Promise<Home> {
  const open = () => worker.ask(key, { kind: "open", decoder: model.decoder, threads: threads() });
  const provider = await open();
  async function decode({ image, steps, previous, wanted }: DecodeRequest) {
    const ask = () =>
      worker.ask(image.key, {
        kind: "decode",
        prompt: promptOf(steps),
        previous,
        frame: image.frame,
        ambiguous: isAmbiguous(steps),
        wanted,
      });
    let decoded = await ask();
    if (decoded === null) {
      // The image is new to the worker, or had to make room, or the worker was started anew.
      await open();
      const bytes = await image.load();
      await worker.ask(image.key, { kind: "keep", bytes }, [bytes]);
      decoded = await ask();
    }
    if (decoded === null) throw new Error("The browser's decoder cannot hold this image.");
    return { ...decoded, complete: true };
  }
  return { kind: `browser-${provider}`, decode };
}

/** Logits as the server takes them: fp16, little endian, base64. */
function packed(logits: Float32Array): string {
  const bytes = new Uint8Array(toHalf(logits).buffer);
  let text = "";
  // In parts: a function takes only so many arguments.
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** The decoder of the server. */
export function serverHome(worker: SamWorker, model: SamModel): Home {
  async function decode({ image, steps, previous, wanted }: DecodeRequest) {
    const { points, box } = promptOf(steps);
    // Only what is shown crosses the network: all three only when another than the model's own choice is wanted.
    const all = isAmbiguous(steps) && !("offset" in wanted && wanted.offset === 0);
    const { data } = await api.request<ArrayBuffer>("POST", `images/${image.id}/decode/`, {
      binary: true,
      headers: { Accept: "application/octet-stream" },
      body: {
        model: model.id,
        points,
        box,
        previous: previous === null ? null : packed(previous),
        candidates: all ? "all" : "best",
      },
    });
    const decoded = await worker.ask(image.key, { kind: "read", body: data, frame: image.frame, wanted }, [data]);
    return { ...decoded, complete: all || !isAmbiguous(steps) };
  }
  return { kind: "server", decode };
}
