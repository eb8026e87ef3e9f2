import { useEffect, useReducer, useRef, useState } from "react";
import type { ImageRow, ROI, Study } from "../../api/types";
import type { StageHandle } from "../../canvas/ImageStage";
import { useStageKeys } from "../../canvas/useStageKeys";
import { type Edit, NO_EDITS } from "../../model/edits";
import { type Editor, editorReducer, hasWork, type ToolName } from "../../state/regions/editor";
import { nextBrushSize } from "../../tools/brush";
import { canClose, dropLastPoint, NO_POLYGON } from "../../tools/polygon";
import { useToast } from "../shared/Toast";
import { useBackend } from "./useBackend";
import { useSmartSelect } from "./useSmartSelect";
import { useWorkingMask } from "./useWorkingMask";

const LOCKED = "This ROI can no longer be changed. Press N to draw a new one.";

interface Options {
  study: Study;
  image: ImageRow;
  /** The image that comes next, to have its data early. */
  next: string | null;
  rois: readonly ROI[];
  /** State of the editor when the page opens. */
  begin: () => Editor;
  /** A step on the mask was made: what was said about the one before no longer holds. */
  onStep: () => void;
}

/** The drawing tools on one image, with the mask that is being worked on: all that pages with them have in common. */
export function useDrawing({ study, image, next, rois, begin, onStep }: Options) {
  const [editor, dispatch] = useReducer(editorReducer, null, begin);
  const [polygon, setPolygon] = useState(NO_POLYGON);
  const [preview, setPreview] = useState<Edit | null>(null);
  const [hidden, setHidden] = useState(false);
  const [zoom, setZoom] = useState(1);
  const stage = useRef<StageHandle>(null);
  const toast = useToast();
  const { working, selectedId, tool } = editor;
  const edits = working?.history.done ?? NO_EDITS.done;
  const backends = useBackend(study, image, next, edits);
  const selected = rois.find(({ id }) => id === selectedId) ?? null;
  const unsaved = hasWork(working);
  const mask = useWorkingMask(working, preview, selected, image);

  function edit(step: Edit) {
    onStep();
    dispatch({ type: "edit", edit: step, target: selected });
  }
  function tidy(minArea: number) {
    onStep();
    dispatch({ type: "tidy", minArea, target: selected });
  }

  /** Whether drawing may start; says why when it may not. */
  function mayDraw(): boolean {
    if (selected === null || selected.editable) return true;
    toast({ text: LOCKED, tone: "error" });
    return false;
  }

  const smart = useSmartSelect({
    active: tool === "smart",
    backend: backends.backend,
    image,
    stage,
    operation: editor.operation,
    edits,
    mayDraw,
    onEdit: edit,
    onError: (text) => toast({ text, tone: "error" }),
  });

  // The best tool is taken up once it is there, unless a person has taken one already.
  const untouched = useRef(!unsaved);
  const isReady = backends.backend !== null;
  useEffect(() => {
    if (isReady && untouched.current) dispatch({ type: "use", tool: "smart" });
  }, [isReady]);
  useEffect(() => {
    if (unsaved || polygon.points.length > 0) untouched.current = false;
  }, [unsaved, polygon]);
  function use(name: ToolName) {
    untouched.current = false;
    dispatch({ type: "use", tool: name });
  }

  function closePolygon() {
    if (!canClose(polygon)) return;
    edit({ kind: "polygon", operation: editor.operation, points: polygon.points });
    setPolygon(NO_POLYGON);
  }

  const operate = (operation: Editor["operation"]) => dispatch({ type: "operate", operation });
  const undo = () => dispatch({ type: "undo" });
  const redo = () => dispatch({ type: "redo" });
  useStageKeys(stage, { arrows: tool !== "smart", onHide: setHidden });
  return {
    editor,
    dispatch,
    selected,
    unsaved,
    mask,
    smart,
    stage,
    zoom,
    tidy,
    polygon: {
      isDrawn: polygon.points.length > 0,
      close: closePolygon,
      dropPoint: () => setPolygon(dropLastPoint(polygon)),
      clear: () => setPolygon(NO_POLYGON),
    },
    /** Keys that mean the same on every page with these tools. */
    keys: {
      use,
      operate,
      resizeBrush: (steps: 1 | -1) => dispatch({ type: "brush", size: nextBrushSize(editor.brushSize, steps) }),
      undo: () => (polygon.points.length > 0 ? setPolygon(dropLastPoint(polygon)) : undo()),
      redo,
      smart:
        tool === "smart"
          ? {
              resize: smart.resize,
              ownChoice: smart.ownChoice,
              move: smart.moveCrosshair,
              click: smart.clickCrosshair,
              corner: smart.cornerCrosshair,
              changeBackend: () => backends.choose(backends.wanted === "model" ? "regions" : "model"),
            }
          : null,
    },
    toolbar: {
      editor,
      backends,
      smart,
      onUse: use,
      onOperate: operate,
      onBrushSize: (size: number) => dispatch({ type: "brush", size }),
      canUndo: edits.length > 0,
      canRedo: working !== null && working.history.undone.length > 0,
      onUndo: undo,
      onRedo: redo,
    },
    stageProps: {
      ref: stage,
      image,
      rois,
      editor,
      mask: mask.mask,
      smart,
      polygon,
      hidden,
      mayDraw,
      onPolygon: setPolygon,
      onClosePolygon: closePolygon,
      onPreview: setPreview,
      onEdit: edit,
      onZoom: setZoom,
    },
  };
}
