import type { TracedMask } from "../../canvas/maskMessages";
import type { Box } from "../../geometry/mask";
import type { Edit } from "../../model/edits";

export interface Pixel {
  readonly x: number;
  readonly y: number;
}

/** What is pointed at: a pixel, or a box that is being drawn. */
export interface Query {
  readonly pixel: Pixel | null;
  readonly box: Box | null;
  readonly removes: boolean;
  /** Sizes from what the backend chooses by itself. */
  readonly offset: number;
  /** The work so far: what is taken next may depend on it. */
  readonly edits: readonly Edit[];
}

/** Place among the sizes that a click could take, from the smallest. */
export interface Choice {
  readonly step: number;
  readonly count: number;
  readonly own: number;
}

/** What a click would take. */
export interface Shown {
  readonly choice: Choice | null;
  readonly area: number;
  /** `null` while it is computed. */
  readonly mask: TracedMask | null;
}

/** What Smart select asks of the region tree and of a segmentation model alike. */
export interface SmartBackend {
  /** Names what the query means: equal names need no new answer. `null` when it means nothing. */
  readonly keyOf: (query: Query) => string | null;
  /** What is known at once. */
  readonly peek: (query: Query) => Shown | null;
  readonly look: (query: Query) => Promise<Shown>;
  /** The step that a click makes; never given up before it is there. */
  readonly take: (query: Query) => Promise<Edit>;
}

/** The offset after one size more or less: the ends hold, however long the wheel is turned. */
export function nextOffset(choice: Choice | null, by: 1 | -1): number {
  if (choice === null) return by;
  return Math.min(choice.count - 1, Math.max(0, choice.step + by)) - choice.own;
}
