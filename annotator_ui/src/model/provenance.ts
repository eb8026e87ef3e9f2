import type { Edit } from "./edits";

/** Version of the region tree that this page reads. */
export const REGION_TREE_VERSION = "region-tree-1";

/** Index of the last step of Smart select; -1 when there is none. */
function lastRegion(edits: readonly Edit[]): number {
  return edits.reduce((last, edit, index) => (edit.kind === "region" ? index : last), -1);
}

/** The steps up to the last one of Smart select: what comes after them was done by hand. `null` without such a step. */
export function selectedEdits(edits: readonly Edit[]): readonly Edit[] | null {
  const last = lastRegion(edits);
  return last < 0 ? null : edits.slice(0, last + 1);
}

/**
 * What the server keeps of how a mask was made. `editedPx` is the number of pixels that were changed by hand after the last
 * step of Smart select.
 */
export function provenanceOf(edits: readonly Edit[], editedPx: number) {
  if (lastRegion(edits) >= 0) {
    const events = edits.flatMap((edit) => (edit.kind === "region" ? [edit.prompt] : []));
    return { tool: "region-tree", version: REGION_TREE_VERSION, events, edited_px: editedPx };
  }
  const count = (kind: Edit["kind"]) => edits.filter((edit) => edit.kind === kind).length;
  return { method: "manual", polygons: count("polygon"), strokes: count("stroke"), tidied: count("tidy") > 0 };
}
