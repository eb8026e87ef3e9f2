import { describe, expect, test } from "vitest";
import type { ROI } from "../../../src/api/types";
import { imagePoint } from "../../../src/geometry/points";
import type { Edit } from "../../../src/model/edits";
import { type EditorAction, editorReducer, hasWork, NEW_EDITOR } from "../../../src/state/regions/editor";

const STROKE: Edit = { kind: "stroke", operation: "add", points: [imagePoint(1, 1)], radius: 4 };
const EYE: ROI = {
  id: "roi-eye",
  image: "image-1",
  study: "demo",
  level: "component",
  name: "eye",
  segmentation: { size: [4, 4], counts: "0`0" },
  bbox: [0, 0, 4, 4],
  area: 16,
  created_at: "2026-01-01T00:00:00Z",
  created_by_me: true,
  editable: true,
};

function replay(...actions: EditorAction[]) {
  return actions.reduce(editorReducer, NEW_EDITOR);
}

describe("editor", () => {
  test("the first stroke without a selection starts a new region of the chosen level", () => {
    const { working } = replay({ type: "level", level: "component" }, { type: "edit", edit: STROKE, target: null });
    expect(working).toMatchObject({ roiId: null, base: null, level: "component", name: "" });
  });

  test("the first stroke on a selected region takes up its mask, level and name", () => {
    const { working } = replay({ type: "select", id: EYE.id }, { type: "edit", edit: STROKE, target: EYE });
    expect(working).toMatchObject({ roiId: EYE.id, base: EYE.segmentation, level: "component", name: "eye" });
  });

  test("unsaved work keeps the selection", () => {
    const editor = replay({ type: "edit", edit: STROKE, target: null }, { type: "select", id: EYE.id });
    expect(editor.selectedId).toBeNull();
    expect(hasWork(editor.working)).toBe(true);
  });

  test("work that was undone to its start is still work: redo can bring it back", () => {
    expect(hasWork(replay({ type: "edit", edit: STROKE, target: null }, { type: "undo" }).working)).toBe(true);
  });

  test("moving the slider of specks is one step, and back at zero it is none", () => {
    const tidy = (minArea: number) => ({ type: "tidy", minArea, target: null }) as const;
    const stroke = { type: "edit", edit: STROKE, target: null } as const;
    expect(replay(stroke, tidy(4), tidy(9)).working?.history.done).toEqual([STROKE, { kind: "tidy", minArea: 9 }]);
    expect(replay(stroke, tidy(4), tidy(0)).working?.history.done).toEqual([STROKE]);
    expect(replay(stroke, tidy(4), stroke, tidy(9)).working?.history.done).toHaveLength(4);
  });

  test("after saving nothing is selected, and the next stroke starts another region of the same level", () => {
    const editor = replay(
      { type: "level", level: "component" },
      { type: "edit", edit: STROKE, target: null },
      { type: "finish" },
      { type: "edit", edit: STROKE, target: null },
    );
    expect(editor.working).toMatchObject({ roiId: null, level: "component" });
    expect(editor.working?.history.done).toHaveLength(1);
  });
});
