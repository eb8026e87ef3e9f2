import { type LowResFrame, lowResArea, lowResRuns } from "../geometry/lowRes";
import { traceRuns } from "../geometry/outline";
import { runsArea, runsBox, runsToString } from "../geometry/rle";
import { candidateAt } from "../model/samPrompt";
import type { Decoded, SamCandidate, SamMask, Wanted } from "./messages";

/** The mask of logits at the image's size, with its outline. The same for both homes of the decoder. */
export function shaped(logits: Float32Array, frame: LowResFrame): SamMask {
  const runs = lowResRuns(logits, frame);
  return { counts: runsToString(runs), loops: traceRuns(runs), area: runsArea(runs), box: runsBox(runs) };
}

/** Puts the answers in order and makes a mask of the one that is wanted only. */
export function decodedOf(
  answers: readonly { readonly index: number; readonly iou: number; readonly logits: Float32Array }[],
  frame: LowResFrame,
  wanted: Wanted,
): Decoded {
  const candidates = answers
    .map((answer): SamCandidate => ({ ...answer, lowArea: lowResArea(answer.logits) }))
    .sort((a, b) => b.iou - a.iou);
  const index = "index" in wanted ? wanted.index : candidateAt(candidates, wanted.offset)?.candidate.index;
  const found = candidates.find((candidate) => candidate.index === index);
  if (found === undefined) throw new Error("The decoder did not answer with the mask that was asked for.");
  return { candidates, index: found.index, mask: shaped(found.logits, frame) };
}
