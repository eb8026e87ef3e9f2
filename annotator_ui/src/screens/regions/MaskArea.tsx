import type { EditedMaskNow } from "../../canvas/useEditedMask";
import { pixels } from "../../model/rois";

/** How large the mask is that is being worked on; marked as busy while it lacks the last steps. */
export function MaskArea({ edited, before }: { edited: EditedMaskNow; before: number }) {
  const { mask, stale } = edited;
  return (
    <p className="numeric">
      Area:{" "}
      <output aria-label="Area" aria-busy={stale}>
        {pixels(mask?.area ?? before)}
      </output>
      {mask !== null && mask.parts > 1 ? ` in ${mask.parts} parts` : ""}
    </p>
  );
}
