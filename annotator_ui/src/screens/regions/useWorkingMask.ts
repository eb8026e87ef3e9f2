import { useMemo } from "react";
import type { ImageRow, ROI } from "../../api/types";
import { type EditedMaskInput, useEditedMask } from "../../canvas/useEditedMask";
import { type Edit, NO_EDITS } from "../../model/edits";
import type { Working } from "../../state/regions/editor";

/** The mask that is being worked on, the stroke under way included; `null` when nothing is. */
export function useWorkingMask(working: Working | null, preview: Edit | null, selected: ROI | null, image: ImageRow) {
  const base = working === null ? (selected?.segmentation ?? null) : working.base;
  const edits = working?.history.done ?? NO_EDITS.done;
  const active = working !== null || preview !== null;
  const input = useMemo(
    (): EditedMaskInput | null => (active ? { base, size: [image.height, image.width], edits, preview } : null),
    [active, base, edits, preview, image.height, image.width],
  );
  return useEditedMask(input);
}
