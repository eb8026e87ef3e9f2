import { stampStroke } from "../geometry/brush";
import { removeSpecks } from "../geometry/components";
import { copyMask, type Mask } from "../geometry/mask";
import type { ImagePoint } from "../geometry/points";
import { fillPolygon } from "../geometry/polygon";

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
    case "tidy":
      return removeSpecks(mask, edit.minArea);
  }
}

/** The mask after the edits, in order; `base` is not changed. */
export function applyEdits(base: Mask, edits: readonly Edit[]): Mask {
  return edits.reduce(applyEdit, copyMask(base));
}
