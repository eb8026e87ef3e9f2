import { stampStroke } from "../geometry/brush";
import { removeSpecks } from "../geometry/components";
import { copyMask, type Mask } from "../geometry/mask";
import type { ImagePoint } from "../geometry/points";
import { fillPolygon } from "../geometry/polygon";
import { paintRuns, stringToRuns } from "../geometry/rle";

/** What a person pointed at with Smart select, as it is kept with the ROI. Image pixels. */
export type RegionPrompt =
  | {
      readonly type: "point";
      readonly x: number;
      readonly y: number;
      readonly positive: boolean;
      /** Scale of the region in the tree: the largest one around the point that was joined at it or below. */
      readonly scale: number;
    }
  | {
      readonly type: "box";
      readonly x: number;
      readonly y: number;
      readonly width: number;
      readonly height: number;
      readonly positive: boolean;
    };

/** One thing a person did with the segmentation model, as it is kept with the ROI. Image pixels; boxes are half-open. */
export type SamEvent =
  | { readonly type: "point"; readonly x: number; readonly y: number; readonly positive: boolean }
  | { readonly type: "box"; readonly x0: number; readonly y0: number; readonly x1: number; readonly y1: number };

/** Where a mask comes from: the model, its weights, and where it was decoded. */
export interface SamMaker {
  readonly model: string;
  readonly version: string;
  readonly home: HomeKind;
}

export type HomeKind = "browser-wasm" | "browser-webgpu" | "server";

/** One step of work on a mask. Steps are data: they can be undone, replayed, stored, and sent to the worker. */
export type Edit =
  | { readonly kind: "polygon"; readonly operation: "add" | "subtract"; readonly points: readonly ImagePoint[] }
  | {
      readonly kind: "stroke";
      readonly operation: "add" | "subtract";
      readonly points: readonly ImagePoint[];
      /** Image pixels. */
      readonly radius: number;
    }
  | {
      readonly kind: "region";
      readonly operation: "add" | "subtract";
      readonly prompt: RegionPrompt;
      /** The region itself, as COCO runs: the step can be replayed without the tree it was chosen from. */
      readonly counts: string;
    }
  | {
      readonly kind: "sam";
      /** What the selected part does to the mask. */
      readonly operation: "add" | "subtract";
      /** Whether it begins a part; otherwise it says more about the part before, and its mask takes that one's place. */
      readonly starts: boolean;
      readonly event: SamEvent;
      /** Which of the decoder's masks a person chose; `null` for the model's own choice. */
      readonly candidate: number | null;
      readonly by: SamMaker;
      /** The part as it is after this step, as COCO runs: the step can be replayed without a decoder. */
      readonly counts: string;
    }
  /** Removes parts and fills holes of fewer pixels than `minArea`. */
  | { readonly kind: "tidy"; readonly minArea: number };

/** Work on one mask: what was done, and what was undone and can be done again. */
export interface History {
  readonly done: readonly Edit[];
  /** Last undone last. */
  readonly undone: readonly Edit[];
}

export const NO_EDITS: History = { done: [], undone: [] };

/** A new step; what had been undone is gone, as everywhere. */
export function pushEdit(history: History, edit: Edit): History {
  return { done: [...history.done, edit], undone: [] };
}

/** Without the last step. The same history when there is none. */
export function undo(history: History): History {
  const last = history.done.at(-1);
  if (last === undefined) return history;
  return { done: history.done.slice(0, -1), undone: [...history.undone, last] };
}

/** With the step that was undone last. The same history when there is none. */
export function redo(history: History): History {
  const last = history.undone.at(-1);
  if (last === undefined) return history;
  return { done: [...history.done, last], undone: history.undone.slice(0, -1) };
}

function applyEdit(mask: Mask, edit: Edit): Mask {
  switch (edit.kind) {
    case "polygon":
      fillPolygon(mask, [edit.points], edit.operation === "add" ? 1 : 0);
      return mask;
    case "stroke":
      stampStroke(mask, edit.points, edit.radius, edit.operation === "add" ? 1 : 0);
      return mask;
    case "region":
    case "sam":
      paintRuns(mask, stringToRuns(edit.counts, [mask.height, mask.width]), edit.operation === "add" ? 1 : 0);
      return mask;
    case "tidy":
      return removeSpecks(mask, edit.minArea);
  }
}

/** The edits without those whose mask another one has taken the place of. */
export function lastingEdits(edits: readonly Edit[]): readonly Edit[] {
  return edits.filter((edit, at) => {
    const next = edits[at + 1];
    return !(edit.kind === "sam" && next?.kind === "sam" && !next.starts);
  });
}

/** The mask after the edits, in order; `base` is not changed. */
export function applyEdits(base: Mask, edits: readonly Edit[]): Mask {
  return lastingEdits(edits).reduce(applyEdit, copyMask(base));
}
