import type { Segmentation } from "../api/types";
import { connectedParts } from "../geometry/components";
import { emptyMask, type Mask } from "../geometry/mask";
import { traceRuns } from "../geometry/outline";
import { boxNodes } from "../geometry/regionChoice";
import { type LeafBoxes, leafBoxes, regionRuns } from "../geometry/regionMask";
import { checkRegionTree, layRegionTree, type RegionTree } from "../geometry/regionTree";
import { decodeMask, encodeMask, type Runs, runsArea, runsBox, runsToString, stringToRuns } from "../geometry/rle";
import { applyEdits, type Edit, lastingEdits } from "../model/edits";
import type {
  EditedMask,
  MaskAnswer,
  MaskReply,
  MaskRequest,
  RegionMask,
  RegionTake,
  TracedMask,
} from "./maskMessages";

function traced(runs: Runs): TracedMask {
  return { loops: traceRuns(runs), area: runsArea(runs), box: runsBox(runs) };
}

/** The last result: a new stroke is then applied to it, instead of replaying all strokes before it. */
let last: { base: string | null; size: string; edits: readonly string[]; mask: Mask } | null = null;

function replay(base: Segmentation | null, size: Segmentation["size"], given: readonly Edit[]): Mask {
  const edits = lastingEdits(given);
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

/** The tree of the image on the page: one at a time, as it has the size of the image. */
let kept: { image: string; tree: RegionTree; boxes: LeafBoxes } | null = null;

function keepTree(image: string, bytes: ArrayBuffer): true {
  const tree = layRegionTree(bytes);
  checkRegionTree(tree);
  kept = { image, tree, boxes: leafBoxes(tree) };
  return true;
}

function takeRegions(image: string, take: RegionTake): RegionMask | null {
  if (kept === null || kept.image !== image) return null;
  const nodes = "nodes" in take ? take.nodes : boxNodes(kept.tree, take.box);
  const runs = regionRuns(kept.tree, nodes, kept.boxes);
  return { ...traced(runs), counts: runsToString(runs) };
}

function edited(request: Extract<MaskRequest, { kind: "apply" }>): EditedMask {
  const done = replay(request.base, request.size, request.edits);
  const mask = request.preview === null ? done : applyEdits(done, [request.preview]);
  const runs = encodeMask(mask);
  return {
    ...traced(runs),
    segmentation: { size: request.size, counts: runsToString(runs) },
    parts: connectedParts(mask).length,
  };
}

function answer(request: MaskRequest): MaskAnswer<MaskRequest> {
  switch (request.kind) {
    case "trace":
      return traced(stringToRuns(request.segmentation.counts, request.segmentation.size));
    case "apply":
      return edited(request);
    case "tree":
      return keepTree(request.image, request.bytes);
    case "regions":
      return takeRegions(request.image, request.take);
  }
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
