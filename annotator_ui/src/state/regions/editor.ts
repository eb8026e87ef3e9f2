import type { ROI, ROILevel, Segmentation } from "../../api/types";
import { type Edit, type History, NO_EDITS, pushEdit, redo, undo } from "../../model/edits";

/** One ROI that is being drawn or changed and is not saved yet. */
export interface Working {
  /** The ROI on the server that is changed; `null` for a new one. */
  readonly roiId: string | null;
  readonly base: Segmentation | null;
  readonly level: ROILevel;
  readonly name: string;
  readonly history: History;
}

export type ToolName = "smart" | "select" | "polygon" | "brush" | "eraser";

/** State of the ROI page, without what the server knows. */
export interface Editor {
  readonly tool: ToolName;
  /** What a polygon or a smart selection does to the mask; the brush always adds and the eraser always subtracts. */
  readonly operation: "add" | "subtract";
  /** Diameter in image pixels. */
  readonly brushSize: number;
  readonly selectedId: string | null;
  /** Level that the next new ROI gets. */
  readonly nextLevel: ROILevel;
  readonly working: Working | null;
}

export const NEW_EDITOR: Editor = {
  tool: "polygon",
  operation: "add",
  brushSize: 24,
  selectedId: null,
  nextLevel: "object",
  working: null,
};

export type EditorAction =
  | { type: "use"; tool: ToolName }
  | { type: "operate"; operation: Editor["operation"] }
  | { type: "brush"; size: number }
  | { type: "select"; id: string | null }
  /** A step on the mask; `target` is the selected ROI, which the first step takes up. */
  | { type: "edit"; edit: Edit; target: ROI | null }
  /** The size of the specks to clean up. Steps in a row are one step, and size 0 is none. */
  | { type: "tidy"; minArea: number; target: ROI | null }
  | { type: "undo" }
  | { type: "redo" }
  | { type: "level"; level: ROILevel }
  | { type: "name"; name: string }
  /** The working ROI is saved or thrown away. */
  | { type: "finish" }
  /** Work that this browser kept. */
  | { type: "restore"; working: Working };

function begun(editor: Editor, target: ROI | null): Working {
  if (target === null) return { roiId: null, base: null, level: editor.nextLevel, name: "", history: NO_EDITS };
  const { id, segmentation, level, name } = target;
  return { roiId: id, base: segmentation, level, name, history: NO_EDITS };
}

/** Whether anything would be lost without saving. */
export function hasWork(working: Working | null): working is Working {
  return working !== null && (working.history.done.length > 0 || working.history.undone.length > 0);
}

function withHistory(editor: Editor, change: (history: History) => History): Editor {
  const { working } = editor;
  return working === null ? editor : { ...editor, working: { ...working, history: change(working.history) } };
}

export function editorReducer(editor: Editor, action: EditorAction): Editor {
  switch (action.type) {
    case "use":
      return { ...editor, tool: action.tool };
    case "operate":
      return { ...editor, operation: action.operation };
    case "brush":
      return { ...editor, brushSize: action.size };
    case "select":
      // While work is unsaved the selection stays with it.
      return hasWork(editor.working) ? editor : { ...editor, selectedId: action.id, working: null };
    case "edit": {
      const working = editor.working ?? begun(editor, action.target);
      return { ...editor, working: { ...working, history: pushEdit(working.history, action.edit) } };
    }
    case "tidy": {
      const working = editor.working ?? begun(editor, action.target);
      const { done } = working.history;
      const before = done.at(-1)?.kind === "tidy" ? done.slice(0, -1) : done;
      const edit: Edit = { kind: "tidy", minArea: action.minArea };
      return {
        ...editor,
        working: { ...working, history: { done: action.minArea > 0 ? [...before, edit] : before, undone: [] } },
      };
    }
    case "undo":
      return withHistory(editor, undo);
    case "redo":
      return withHistory(editor, redo);
    case "level":
      return editor.working === null
        ? { ...editor, nextLevel: action.level }
        : { ...editor, nextLevel: action.level, working: { ...editor.working, level: action.level } };
    case "name":
      return editor.working === null ? editor : { ...editor, working: { ...editor.working, name: action.name } };
    case "finish":
      return { ...editor, working: null, selectedId: null, operation: "add" };
    case "restore":
      return { ...editor, working: action.working, selectedId: action.working.roiId };
  }
}
