import type { Segmentation } from "../api/types";
import type { Box } from "../geometry/mask";
import type { Loop } from "../geometry/outline";
import type { Edit } from "../model/edits";

/** What the page asks of the mask worker. */
export type MaskRequest =
  | { readonly kind: "trace"; readonly segmentation: Segmentation }
  | {
      readonly kind: "apply";
      /** The mask the edits start from; `null` is an empty mask. */
      readonly base: Segmentation | null;
      readonly size: Segmentation["size"];
      readonly edits: readonly Edit[];
      /** A step that is still going on: shown, and not kept. */
      readonly preview: Edit | null;
    }
  /** Hands over the region tree of an image; it takes the place of the one before. */
  | { readonly kind: "tree"; readonly image: string; readonly bytes: ArrayBuffer }
  | { readonly kind: "regions"; readonly image: string; readonly take: RegionTake };

/** Which regions of a tree: nodes, or what a box means. */
export type RegionTake = { readonly nodes: readonly number[] } | { readonly box: Box };

export interface TracedMask {
  readonly loops: readonly Loop[];
  readonly area: number;
  readonly box: Box;
}

export interface EditedMask extends TracedMask {
  readonly segmentation: Segmentation;
  /** Number of connected parts. */
  readonly parts: number;
}

export interface RegionMask extends TracedMask {
  /** COCO runs, as in a Segmentation of the tree's size. */
  readonly counts: string;
}

interface Answers {
  trace: TracedMask;
  apply: EditedMask;
  /** Thrown as an error when the bytes are damaged. */
  tree: true;
  /** `null` when the worker does not have the tree of this image. */
  regions: RegionMask | null;
}

export type MaskAnswer<Request extends MaskRequest> = Answers[Request["kind"]];

export type MaskReply =
  | { readonly id: number; readonly result: Answers[keyof Answers] }
  | { readonly id: number; readonly error: string };
