import { type Ref, useCallback, useMemo, useRef, useState } from "react";
import type { ImageRow, ROI } from "../../api/types";
import { ImageStage, type StageHandle } from "../../canvas/ImageStage";
import type { EditedMask } from "../../canvas/maskMessages";
import type { StageOutline } from "../../canvas/paint";
import { paintBoxPreview, paintBrushPreview, paintCrosshair, paintPolygonPreview } from "../../canvas/preview";
import { useOutlines } from "../../canvas/useOutlines";
import type { StagePointer, StageTool } from "../../canvas/useStagePointer";
import { loopsContain } from "../../geometry/outline";
import type { ImagePoint } from "../../geometry/points";
import type { View } from "../../geometry/viewport";
import type { Edit } from "../../model/edits";
import type { Editor } from "../../state/regions/editor";
import { extendStroke } from "../../tools/brush";
import { movePolygon, NO_POLYGON, type Polygon, pressPolygon, releasePolygon } from "../../tools/polygon";
import { ErrorNote } from "../shared/ErrorNote";
import type { SmartSelect } from "./useSmartSelect";

/** How near to a vertex, in device pixels, a press grabs it. */
const REACH_PX = 9;

interface Props {
  ref: Ref<StageHandle>;
  image: ImageRow;
  rois: readonly ROI[];
  editor: Editor;
  mask: EditedMask | null;
  smart: SmartSelect;
  polygon: Polygon;
  hidden: boolean;
  /** Box to bring to the middle when the page opens: x, y, width and height in image pixels. */
  focusBox?: readonly number[];
  mayDraw: () => boolean;
  onPolygon: (polygon: Polygon) => void;
  onClosePolygon: () => void;
  onPreview: (edit: Edit | null) => void;
  onEdit: (edit: Edit) => void;
  onPick: (id: string | null) => void;
  onZoom: (zoom: number) => void;
}

/**
 * Outlines of what is shown: the saved ROIs, the working mask in place of the ROI it changes, and on top the region that a
 * click of Smart select would take.
 */
function useShownOutlines({ rois, editor, mask, smart }: Pick<Props, "rois" | "editor" | "mask" | "smart">) {
  const { loops, error } = useOutlines(rois);
  const { selectedId } = editor;
  const kept = useMemo(() => {
    const shown: StageOutline[] = rois
      .filter(({ id }) => mask === null || id !== selectedId)
      .map(({ id }) => ({ id, loops: loops.get(id) ?? [], emphasis: id === selectedId ? "selected" : "normal" }));
    if (mask !== null) shown.push({ id: "working", loops: mask.loops, emphasis: "selected" });
    return shown;
  }, [rois, loops, mask, selectedId]);
  const { shown, removes } = smart;
  const hovered = shown?.mask?.loops ?? null;
  const outlines = useMemo(() => {
    if (hovered === null) return kept;
    return [...kept, { id: "hover", loops: hovered, emphasis: removes ? "removes" : "adds" } as const];
  }, [kept, hovered, removes]);
  return { outlines, loops, error };
}

function usePolygonTool({ polygon, mayDraw, onPolygon, onClosePolygon }: Props): StageTool {
  return {
    cursor: "draw",
    down: ({ point, zoom }) => {
      if (polygon.points.length === 0 && !mayDraw()) return;
      onPolygon(pressPolygon(polygon, point, REACH_PX / zoom));
    },
    move: ({ point, zoom }) => {
      if (polygon.points.length > 0) onPolygon(movePolygon(polygon, point, REACH_PX / zoom));
    },
    up: () => {
      const released = releasePolygon(polygon);
      if (released.closes) onClosePolygon();
      else onPolygon(released.polygon);
    },
    cancel: () => onPolygon(NO_POLYGON),
    leave: () => onPolygon({ ...polygon, hover: null }),
    doubleClick: onClosePolygon,
  };
}

function useBrushTool({ editor, mayDraw, onPreview, onEdit }: Props): { tool: StageTool; pointer: ImagePoint | null } {
  const [pointer, setPointer] = useState<ImagePoint | null>(null);
  const points = useRef<readonly ImagePoint[]>([]);
  const strokeOf = (): Edit => ({
    kind: "stroke",
    operation: editor.tool === "eraser" ? "subtract" : "add",
    points: points.current,
    radius: editor.brushSize / 2,
  });
  const stop = () => {
    points.current = [];
    onPreview(null);
  };
  const tool: StageTool = {
    cursor: "brush",
    down: ({ point }: StagePointer) => {
      if (!mayDraw()) return;
      points.current = extendStroke([], point);
      onPreview(strokeOf());
    },
    move: ({ point }: StagePointer) => {
      setPointer(point);
      if (points.current.length === 0) return;
      const longer = extendStroke(points.current, point);
      if (longer === points.current) return;
      points.current = longer;
      onPreview(strokeOf());
    },
    up: () => {
      if (points.current.length > 0) onEdit(strokeOf());
      stop();
    },
    cancel: stop,
    leave: () => setPointer(null),
    doubleClick: () => undefined,
  };
  return { tool, pointer };
}

/** The image with its ROIs, and the tool in hand. */
export function RegionsStage(props: Props) {
  const { ref, image, rois, editor, smart, polygon, hidden, onPick, onZoom } = props;
  const { outlines, loops, error } = useShownOutlines(props);
  const polygonTool = usePolygonTool(props);
  const brush = useBrushTool(props);
  const [x = 0, y = 0, width = 0, height = 0] = props.focusBox ?? [];
  const focusBox = useMemo(() => (width > 0 ? { x, y, width, height } : null), [x, y, width, height]);
  const { tool, brushSize } = editor;
  const { pointer } = brush;
  const { points, hover } = polygon;
  const { box, crosshair } = smart;
  const tools = { select: null, smart: smart.tool, polygon: polygonTool, brush: brush.tool, eraser: brush.tool };

  const paintPreview = useCallback(
    (context: CanvasRenderingContext2D, view: View) => {
      if (tool === "polygon" && points.length > 0) paintPolygonPreview(context, view, points, hover);
      if ((tool === "brush" || tool === "eraser") && pointer !== null) {
        paintBrushPreview(context, view, pointer, brushSize, tool === "eraser");
      }
      if (tool === "smart" && box !== null) paintBoxPreview(context, view, box.from, box.to);
      if (tool === "smart" && crosshair !== null) paintCrosshair(context, view, crosshair);
    },
    [tool, points, hover, pointer, brushSize, box, crosshair],
  );

  function pick({ point }: StagePointer) {
    const under = rois.filter(({ id }) => loopsContain(loops.get(id) ?? [], point.x, point.y));
    // A component lies in its object: the smaller one is meant.
    const smallest = under.reduce<ROI | null>(
      (best, roi) => (best === null || roi.area < best.area ? roi : best),
      null,
    );
    onPick(smallest?.id ?? null);
  }

  return (
    <div className="regions-stage">
      <ImageStage
        ref={ref}
        image={{ url: image.file_url, width: image.width, height: image.height }}
        label={`Image ${image.file_name}`}
        outlines={outlines}
        outlineHidden={hidden}
        focusBox={focusBox}
        tool={tools[tool]}
        paintPreview={paintPreview}
        onClick={pick}
        onViewport={({ zoom }) => onZoom(zoom)}
      >
        {error === null ? null : (
          <div className="regions-stage-note">
            <ErrorNote error={new Error(`An ROI cannot be shown: ${error}`)} />
          </div>
        )}
      </ImageStage>
    </div>
  );
}
