import type { Segmentation } from "../api/types";
import { connectedParts } from "../geometry/components";
import { emptyMask, type Mask } from "../geometry/mask";
import { traceRuns } from "../geometry/outline";
import { decodeMask, encodeMask, type Runs, runsArea, runsBox, runsToString, stringToRuns } from "../geometry/rle";
import { applyEdits, type Edit } from "../model/edits";
import type { EditedMask, MaskReply, MaskRequest, TracedMask } from "./maskMessages";

function traced(runs: Runs): TracedMask {
  return { loops: traceRuns(runs), area: runsArea(runs), box: runsBox(runs) };
}

/** The last result: a new stroke is then applied to it, instead of replaying all strokes before it. */
let last: { base: string | null; size: string; edits: readonly string[]; mask: Mask } | null = null;

function replay(base: Segmentation | null, size: Segmentation["size"], edits: readonly Edit[]): Mask {
  const key = { base: base?.counts ?? null, size: size.join("x"), edits: edits.map((edit) => JSON.stringify(edit)) };
  const follows =
    last !== null &&
    last.base === key.base &&
    last.size === key.size &&
    last.edits.length <= key.edits.length &&
    last.edits.every((edit, index) => edit === key.edits[index]);
  const start = () => (base === null ? emptyMask(size[1], size[0]) : decodeMask(stringToRuns(base.counts, base.size)));
  const mask =
    follows && last !== null ? applyEdits(last.mask, edits.slice(last.edits.length)) : applyEdits(start(), edits);
  last = { ...key, mask };
  return mask;
}

function answer(request: MaskRequest): TracedMask | EditedMask {
  if (request.kind === "trace") return traced(stringToRuns(request.segmentation.counts, request.segmentation.size));
  const kept = replay(request.base, request.size, request.edits);
  const mask = request.preview === null ? kept : applyEdits(kept, [request.preview]);
  const runs = encodeMask(mask);
  return {
    ...traced(runs),
    segmentation: { size: request.size, counts: runsToString(runs) },
    parts: connectedParts(mask).length,
  };
}

self.onmessage = (event: MessageEvent<MaskRequest & { id: number }>) => {
  const { id } = event.data;
  let reply: MaskReply;
  try {
    reply = { id, result: answer(event.data) };
  } catch (error) {
    reply = { id, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(reply);
};
