import { fromHalf } from "../geometry/half";

/** A body that does not have the form its first letters promise. */
export class DamagedBody extends Error {
  override readonly name = "DamagedBody";
}

/** Four letters, the header's length, a JSON header, and then numbers of 16 bits: the form of both SAM bodies. */
function opened(bytes: ArrayBuffer, magic: string): { header: Record<string, unknown>; body: number } {
  const view = new DataView(bytes);
  const letters = bytes.byteLength < 8 ? "" : String.fromCharCode(...new Uint8Array(bytes, 0, 4));
  if (letters !== magic) throw new DamagedBody(`The server's answer does not begin with ${magic}.`);
  const length = view.getUint32(4, true);
  if (8 + length > bytes.byteLength) throw new DamagedBody("The server's answer is cut off in its header.");
  const text = new TextDecoder().decode(new Uint8Array(bytes, 8, length));
  return { header: JSON.parse(text) as Record<string, unknown>, body: 8 + length };
}

function halves(bytes: ArrayBuffer, from: number, count: number): Float32Array {
  if (from < 0 || from + 2 * count > bytes.byteLength) throw new DamagedBody("The server's answer is cut off.");
  // A header's length is a multiple of four, so the numbers lie where a view may begin.
  return fromHalf(new Uint16Array(bytes, from, count));
}

export interface Tensor {
  readonly name: string;
  /** [channels, rows, columns] */
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** What a model knows of one image. Sizes are [height, width]. */
export interface EmbeddingHeader {
  readonly model: string;
  /** Address by content: image, model, weights and preprocessing. */
  readonly key: string;
  readonly image_size: readonly [number, number];
  readonly resized: readonly [number, number];
  readonly tensors: readonly { name: string; shape: readonly number[]; offset: number; bytes: number }[];
}

export function embeddingHeader(bytes: ArrayBuffer): EmbeddingHeader {
  const { header } = opened(bytes, "RQE1");
  return header as unknown as EmbeddingHeader;
}

export function embeddingTensors(bytes: ArrayBuffer): Tensor[] {
  const { header, body } = opened(bytes, "RQE1");
  return (header as unknown as EmbeddingHeader).tensors.map(({ name, shape, offset }) => ({
    name,
    shape,
    values: halves(
      bytes,
      body + offset,
      shape.reduce((product, size) => product * size, 1),
    ),
  }));
}

/** What a decoder answered: for each candidate its number, how good it thinks it is, and its logits. */
export interface DecodedLogits {
  readonly side: number;
  readonly candidates: readonly { readonly index: number; readonly iou: number; readonly logits: Float32Array }[];
}

export function decodedLogits(bytes: ArrayBuffer): DecodedLogits {
  const { header, body } = opened(bytes, "RQD1");
  const { low_res: lowRes, candidates } = header as unknown as {
    low_res: readonly [number, number];
    candidates: readonly { index: number; iou_prediction: number }[];
  };
  const [side] = lowRes;
  return {
    side,
    candidates: candidates.map(({ index, iou_prediction: iou }, at) => ({
      index,
      iou,
      logits: halves(bytes, body + 2 * at * side * side, side * side),
    })),
  };
}
