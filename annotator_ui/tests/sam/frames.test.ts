import { expect, test } from "vitest";
import { toHalf } from "../../src/geometry/half";
import { DamagedBody, decodedLogits, embeddingHeader, embeddingTensors } from "../../src/sam/frames";
import { promptTensors } from "../../src/sam/tensors";

function framed(magic: string, header: object, values: readonly number[]): ArrayBuffer {
  let text = JSON.stringify(header);
  text = text.padEnd(4 * Math.ceil(text.length / 4));
  const bytes = new Uint8Array(8 + text.length + 2 * values.length);
  bytes.set(new TextEncoder().encode(`${magic}0000${text}`));
  new DataView(bytes.buffer).setUint32(4, text.length, true);
  bytes.set(new Uint8Array(toHalf(Float32Array.from(values)).buffer), 8 + text.length);
  return bytes.buffer;
}

const EMBEDDING = {
  model: "tiny",
  key: "k1",
  image_size: [3, 4],
  resized: [6, 8],
  tensors: [
    { name: "image_embeddings", shape: [1, 1, 2], offset: 0, bytes: 4 },
    { name: "high_res_feats_0", shape: [1, 2, 1], offset: 4, bytes: 4 },
  ],
};

test("an embedding is read with all its tensors", () => {
  const bytes = framed("RQE1", EMBEDDING, [1, 2, 0.5, -4]);
  expect(embeddingHeader(bytes)).toEqual(EMBEDDING);
  expect(embeddingTensors(bytes).map(({ name, values }) => [name, [...values]])).toEqual([
    ["image_embeddings", [1, 2]],
    ["high_res_feats_0", [0.5, -4]],
  ]);
});

test("the server's masks are read one after the other", () => {
  const header = {
    model: "tiny",
    low_res: [2, 2],
    candidates: [
      { index: 2, iou_prediction: 0.8 },
      { index: 1, iou_prediction: 0.5 },
    ],
  };
  const read = decodedLogits(framed("RQD1", header, [1, 2, 3, 4, -1, -2, -3, -4]));
  expect(read.candidates).toEqual([
    { index: 2, iou: 0.8, logits: Float32Array.of(1, 2, 3, 4) },
    { index: 1, iou: 0.5, logits: Float32Array.of(-1, -2, -3, -4) },
  ]);
});

test("what is cut off or something else is refused", () => {
  const whole = framed("RQE1", EMBEDDING, [1, 2, 0.5, -4]);
  expect(() => embeddingHeader(framed("RQT1", {}, []))).toThrow(DamagedBody);
  expect(() => embeddingHeader(new ArrayBuffer(3))).toThrow(DamagedBody);
  expect(() => embeddingHeader(whole.slice(0, 40))).toThrow("cut off");
  expect(() => embeddingTensors(whole.slice(0, whole.byteLength - 2))).toThrow("cut off");
});

test("prompts are scaled to the model's input; a padding point follows unless there is a box", () => {
  const frame = { side: 4, inputSize: 8, resized: [6, 8], imageSize: [3, 4] } as const;
  const clicks = promptTensors(
    {
      points: [
        { x: 1, y: 2, positive: true },
        { x: 3, y: 0, positive: false },
      ],
      box: null,
    },
    frame,
  );
  expect([...clicks.coords]).toEqual([2, 4, 6, 0, 0, 0]);
  expect([...clicks.labels]).toEqual([1, 0, -1]);
  const box = promptTensors({ points: [{ x: 1, y: 2, positive: true }], box: [0, 1, 4, 3] }, frame);
  expect([...box.coords]).toEqual([2, 4, 0, 2, 8, 6]);
  expect([...box.labels]).toEqual([1, 2, 3]);
});
