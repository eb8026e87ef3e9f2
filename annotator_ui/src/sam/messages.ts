import type { LowResFrame } from "../geometry/lowRes";
import type { Box } from "../geometry/mask";
import type { Loop } from "../geometry/outline";
import type { Candidate, SamPrompt } from "../model/samPrompt";

/** Which of several candidates is wanted as a mask: so many sizes from the model's own choice, or one by its number. */
export type Wanted = { readonly offset: number } | { readonly index: number };

/** What the page asks of the SAM worker. */
export type SamRequest =
  /** Loads a decoder; it takes the place of the one before. */
  | { readonly kind: "open"; readonly decoder: DecoderFile; readonly threads: number }
  /** Hands over the embedding of an image. */
  | { readonly kind: "keep"; readonly bytes: ArrayBuffer }
  /** Runs the decoder on an embedding that the worker has. */
  | {
      readonly kind: "decode";
      readonly prompt: SamPrompt;
      /** Logits of the mask before this step, row by row. */
      readonly previous: Float32Array | null;
      readonly frame: LowResFrame;
      /** Whether the prompt is one click, which has three answers. */
      readonly ambiguous: boolean;
      readonly wanted: Wanted;
    }
  /** Reads what the server's decoder answered. */
  | { readonly kind: "read"; readonly body: ArrayBuffer; readonly frame: LowResFrame; readonly wanted: Wanted }
  /** Makes a mask of logits that the page has kept. */
  | { readonly kind: "shape"; readonly logits: Float32Array; readonly frame: LowResFrame };

export interface DecoderFile {
  readonly url: string;
  readonly sha256: string;
}

/** A mask at the image's own size. */
export interface SamMask {
  /** COCO runs. */
  readonly counts: string;
  readonly loops: readonly Loop[];
  readonly area: number;
  readonly box: Box;
}

/** Logits of one of the decoder's masks. */
export interface SamCandidate extends Candidate {
  readonly iou: number;
  readonly logits: Float32Array;
}

export interface Decoded {
  /** The model's own choice first. */
  readonly candidates: readonly SamCandidate[];
  /** The one that was wanted. */
  readonly index: number;
  readonly mask: SamMask;
}

interface Answers {
  open: "webgpu" | "wasm";
  keep: true;
  /** `null` when the worker does not have the embedding, or no decoder. */
  decode: Decoded | null;
  read: Decoded;
  shape: SamMask;
}

export type SamAnswer<Request extends SamRequest> = Answers[Request["kind"]];

/** Every message says which request it belongs to and which embedding it is about. */
export interface Envelope {
  readonly id: number;
  /** Content address of the embedding. */
  readonly key: string;
}

export type SamMessage = SamRequest & Envelope;

export type SamReply = Envelope & ({ readonly result: Answers[keyof Answers] } | { readonly error: string });
