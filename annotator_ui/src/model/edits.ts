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
      paintRuns(mask, stringToRuns(edit.counts, [mask.height, mask.width]), edit.operation === "add" ? 1 : 0);
      return mask;
    case "tidy":
      return removeSpecks(mask, edit.minArea);
  }
}

/** The mask after the edits, in order; `base` is not changed. */
export function applyEdits(base: Mask, edits: readonly Edit[]): Mask {
  return edits.reduce(applyEdit, copyMask(base));
}
