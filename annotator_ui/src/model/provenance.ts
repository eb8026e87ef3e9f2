import type { Edit } from "./edits";

/** Version of the region tree that this page reads. */
export const REGION_TREE_VERSION = "region-tree-1";

function isSelected(edit: Edit): boolean {
  return edit.kind === "region" || edit.kind === "sam";
}

/** The steps up to the last one of Smart select: what comes after them was done by hand. `null` without such a step. */
export function selectedEdits(edits: readonly Edit[]): readonly Edit[] | null {
  const last = edits.findLastIndex(isSelected);
  return last < 0 ? null : edits.slice(0, last + 1);
}

/** The steps without those that clean up specks: how far they went is told by itself. */
export function handmadeEdits(edits: readonly Edit[]): readonly Edit[] {
  return edits.some(({ kind }) => kind === "sam") ? edits.filter(({ kind }) => kind !== "tidy") : edits;
}

/** Events of the model, with the choices that were not its own. A part that is taken away says so. */
function samEvents(edits: readonly Edit[]): object[] {
  return edits.flatMap((edit) => {
    if (edit.kind !== "sam") return [];
    const marks = {
      ...(edit.starts ? { starts: true } : {}),
      ...(edit.operation === "subtract" ? { removes: true } : {}),
    };
    const choice = edit.candidate === null ? [] : [{ type: "candidate", index: edit.candidate }];
    return [{ ...edit.event, ...marks }, ...choice];
  });
}

/**
 * What the server keeps of how a mask was made. `editedPx` is the number of pixels that were changed by hand after the last
 * step of Smart select. Where both of its backends were used, it is named for the one that was used last.
 */
export function provenanceOf(edits: readonly Edit[], editedPx: number) {
  const last = edits.findLast(isSelected);
  const tidy = edits.findLast((edit) => edit.kind === "tidy");
  if (last?.kind === "sam") {
    const specks = tidy?.minArea ?? 0;
    return { tool: "sam", ...last.by, events: samEvents(edits), specks, edited_px: editedPx };
  }
  if (last !== undefined) {
    const events = edits.flatMap((edit) => (edit.kind === "region" ? [edit.prompt] : []));
    return { tool: "region-tree", version: REGION_TREE_VERSION, events, edited_px: editedPx };
  }
  const count = (kind: Edit["kind"]) => edits.filter((edit) => edit.kind === kind).length;
  return { method: "manual", polygons: count("polygon"), strokes: count("stroke"), tidied: count("tidy") > 0 };
}
