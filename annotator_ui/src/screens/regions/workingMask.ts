import type { Segmentation } from "../../api/types";
import { askMaskWorker } from "../../canvas/maskWorker";
import { differenceArea, stringToRuns } from "../../geometry/rle";
import type { Edit } from "../../model/edits";
import { handmadeEdits, selectedEdits } from "../../model/provenance";
import { refusalOf } from "../../model/rois";
import type { Working } from "../../state/regions/editor";

/** A mask that the page refuses before the server would; the message is the reason. */
export class RefusedROI extends Error {
  override readonly name = "RefusedROI";
}

/** Pixels that were changed by hand after the last step of Smart select. */
export async function editedPixels({ base, history }: Working, size: Segmentation["size"]): Promise<number> {
  const done = handmadeEdits(history.done);
  const selected = selectedEdits(done);
  if (selected === null || selected.length === done.length) return 0;
  const after = async (edits: readonly Edit[]) => {
    const { segmentation } = await askMaskWorker({ kind: "apply", base, size, edits, preview: null });
    return stringToRuns(segmentation.counts, size);
  };
  return differenceArea(await after(selected), await after(done));
}

/** The mask as it is to be saved. Throws RefusedROI. */
export async function maskOf({ base, history }: Working, size: Segmentation["size"]): Promise<Segmentation> {
  const mask = await askMaskWorker({ kind: "apply", base, size, edits: history.done, preview: null });
  const refusal = refusalOf(mask.area);
  if (refusal !== null) throw new RefusedROI(refusal);
  return mask.segmentation;
}

/** Pixels in which two masks of one size differ. */
export function changedPixels(a: Segmentation, b: Segmentation): number {
  return differenceArea(stringToRuns(a.counts, a.size), stringToRuns(b.counts, b.size));
}
