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
    };

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

export type MaskAnswer<Request extends MaskRequest> = Request["kind"] extends "apply" ? EditedMask : TracedMask;

export type MaskReply =
  | { readonly id: number; readonly result: TracedMask | EditedMask }
  | { readonly id: number; readonly error: string };
