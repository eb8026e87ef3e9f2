import { ByteCache } from "../model/byteCache";
import { decodedLogits, embeddingTensors, type Tensor } from "./frames";
import type { Decoded, DecoderFile, SamAnswer, SamMessage, SamReply, SamRequest } from "./messages";
import { type OpenDecoder, openDecoder } from "./runtime";
import { decodedOf, shaped } from "./shape";
import { promptTensors } from "./tensors";

/** Embeddings of real size have 4 MB each as the decoder takes them. */
const EMBEDDING_BYTES = 64 * 1024 * 1024;
const embeddings = new ByteCache<readonly Tensor[]>(EMBEDDING_BYTES);
let opened: { sha256: string; decoder: OpenDecoder } | null = null;

async function open({ url, sha256 }: DecoderFile, threads: number): Promise<"webgpu" | "wasm"> {
  if (opened?.sha256 === sha256) return opened.decoder.provider;
  await opened?.decoder.session.release();
  opened = null;
  const response = await fetch(url, { credentials: "same-origin" });
  if (!response.ok) throw new Error(`The decoder could not be loaded: the server answered ${response.status}.`);
  opened = { sha256, decoder: await openDecoder(await response.arrayBuffer(), threads) };
  return opened.decoder.provider;
}

function keep(key: string, bytes: ArrayBuffer): true {
  const tensors = embeddingTensors(bytes);
  embeddings.set(
    key,
    tensors,
    tensors.reduce((sum, { values }) => sum + values.byteLength, 0),
  );
  return true;
}

async function decode(key: string, request: Extract<SamRequest, { kind: "decode" }>): Promise<Decoded | null> {
  const tensors = embeddings.get(key);
  if (tensors === undefined || opened === null) return null;
  const { ort, session } = opened.decoder;
  const { prompt, previous, frame } = request;
  const { coords, labels } = promptTensors(prompt, frame);
  const tensor = (values: Float32Array, shape: readonly number[]) => new ort.Tensor("float32", values, shape);
  const pixels = frame.side * frame.side;
  const feeds = Object.fromEntries(tensors.map(({ name, shape, values }) => [name, tensor(values, [1, ...shape])]));
  const answer = await session.run({
    ...feeds,
    point_coords: tensor(coords, [1, labels.length, 2]),
    point_labels: tensor(labels, [1, labels.length]),
    mask_input: tensor(previous ?? new Float32Array(pixels), [1, 1, frame.side, frame.side]),
    has_mask_input: tensor(Float32Array.of(previous === null ? 0 : 1), [1]),
  });
  const masks = (await answer.low_res_masks?.getData()) as Float32Array;
  const scores = (await answer.iou_predictions?.getData()) as Float32Array;
  // One click may mean three things; the mask before, a box or more clicks say which.
  const asked = request.ambiguous ? [1, 2, 3] : [0];
  const answers = asked.map((index) => ({
    index,
    iou: scores[index] ?? 0,
    logits: masks.slice(index * pixels, (index + 1) * pixels),
  }));
  return decodedOf(answers, frame, request.wanted);
}

function answer(message: SamMessage): SamAnswer<SamRequest> | Promise<SamAnswer<SamRequest>> {
  switch (message.kind) {
    case "open":
      return open(message.decoder, message.threads);
    case "keep":
      return keep(message.key, message.bytes);
    case "decode":
      return decode(message.key, message);
    case "read":
      return decodedOf(decodedLogits(message.body).candidates, message.frame, message.wanted);
    case "shape":
      return shaped(message.logits, message.frame);
  }
}

function transferred(result: SamAnswer<SamRequest>): Transferable[] {
  if (result === null || typeof result !== "object" || !("candidates" in result)) return [];
  return result.candidates.map(({ logits }) => logits.buffer);
}

/** The runtime does one thing at a time; making masks of logits need not wait for it. */
let running: Promise<unknown> = Promise.resolve();

async function reply(message: SamMessage): Promise<void> {
  const { id, key } = message;
  try {
    const result = await answer(message);
    self.postMessage({ id, key, result } satisfies SamReply, { transfer: transferred(result) });
  } catch (error) {
    self.postMessage({ id, key, error: error instanceof Error ? error.message : String(error) } satisfies SamReply);
  }
}

self.onmessage = ({ data }: MessageEvent<SamMessage>) => {
  if (data.kind === "open" || data.kind === "decode") running = running.then(() => reply(data));
  else void reply(data);
};
