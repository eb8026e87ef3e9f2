import type { LowResFrame } from "../geometry/lowRes";
import type { SamPrompt } from "../model/samPrompt";

const [NEGATIVE, POSITIVE, BOX_START, BOX_END, PADDING] = [0, 1, 2, 3, -1];

/**
 * Prompts as the decoder takes them: x and y in pixels of the model's input, and a label each. Without a box a padding
 * point follows, as `segment_anything` has it; with a box there is none.
 */
export function promptTensors(
  { points, box }: SamPrompt,
  frame: LowResFrame,
): { coords: Float32Array; labels: Float32Array } {
  const across = frame.resized[1] / frame.imageSize[1];
  const down = frame.resized[0] / frame.imageSize[0];
  const coords = points.flatMap(({ x, y }) => [x * across, y * down]);
  const labels = points.map(({ positive }) => (positive ? POSITIVE : NEGATIVE));
  if (box === null) {
    coords.push(0, 0);
    labels.push(PADDING);
  } else {
    const [x0, y0, x1, y1] = box;
    coords.push(x0 * across, y0 * down, x1 * across, y1 * down);
    labels.push(BOX_START, BOX_END);
  }
  return { coords: Float32Array.from(coords), labels: Float32Array.from(labels) };
}
