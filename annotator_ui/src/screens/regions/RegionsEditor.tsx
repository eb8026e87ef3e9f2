import "../../styles/regions.css";
import { useEffect, useMemo, useReducer, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ApiError } from "../../api/errors";
import { onSession } from "../../api/session";
import type { ImageRow, ROI, Study } from "../../api/types";
import type { StageHandle } from "../../canvas/ImageStage";
import { keysAreTaken, useStageKeys } from "../../canvas/useStageKeys";
import { type Edit, NO_EDITS } from "../../model/edits";
import { displayName } from "../../model/rois";
import { keepDraft, keptDraft } from "../../state/regions/drafts";
import { editorReducer, hasWork, NEW_EDITOR, type ToolName, type Working } from "../../state/regions/editor";
import { nextBrushSize } from "../../tools/brush";
import { canClose, dropLastPoint, NO_POLYGON } from "../../tools/polygon";
import { errorText } from "../shared/ErrorNote";
import { useToast } from "../shared/Toast";
import { ImageBar } from "./ImageBar";
import { LeaveGuard } from "./LeaveGuard";
import { RegionsStage } from "./RegionsStage";
import { ROIList } from "./ROIList";
import { Toolbar } from "./Toolbar";
import { useBackend } from "./useBackend";
import { useEditorKeys } from "./useEditorKeys";
import { useNeighbours } from "./useNeighbours";
import { RefusedROI, useROIWrites } from "./useRegions";
import { useSmartSelect } from "./useSmartSelect";
import { useWorkingMask } from "./useWorkingMask";
import { WorkingPanel } from "./WorkingPanel";

const LOCKED = "This ROI can no longer be changed. Press N to draw a new one.";
const BUSY = "Save or discard the ROI you are drawing first.";

/** The ROI page of one image: the stage, its tools, the list, and the one ROI that is being worked on. */
export function RegionsEditor({
  study,
  image,
  rois,
  user,
}: {
  study: Study;
  image: ImageRow;
  rois: readonly ROI[];
  user: string;
}) {
  const place = useMemo(() => ({ user, study: study.slug, image: image.id }), [user, study.slug, image.id]);
  const [editor, dispatch] = useReducer(editorReducer, NEW_EDITOR, (fresh) => {
    const working = keptDraft(localStorage, place);
    return working === null ? fresh : editorReducer(fresh, { type: "restore", working });
  });
  const [polygon, setPolygon] = useState(NO_POLYGON);
  const [preview, setPreview] = useState<Edit | null>(null);
  const [hidden, setHidden] = useState(false);
  const [zoom, setZoom] = useState(1);
  const [renaming, setRenaming] = useState<string | null>(null);
  const stage = useRef<StageHandle>(null);
  const toast = useToast();
  const navigate = useNavigate();
  const neighbours = useNeighbours(study.slug, image.id).data ?? null;
  const { save, change, remove, recreate } = useROIWrites(study.slug, image);
  const { working, selectedId, tool } = editor;
  const edits = working?.history.done ?? NO_EDITS.done;
  const backends = useBackend(study, image, neighbours?.next ?? null, edits);
  const selected = rois.find(({ id }) => id === selectedId) ?? null;
  const unsaved = hasWork(working);
  const mask = useWorkingMask(working, preview, selected, image);

  useEffect(() => {
    const kept = keepDraft(localStorage, place, unsaved ? working : null);
    if (!kept) toast({ text: "This browser cannot keep unsaved work. Save often.", tone: "error" });
  }, [place, working, unsaved, toast]);

  // Only what was there when the page opened: what is drawn later needs no notice.
  const restored = useRef(unsaved);
  useEffect(() => {
    if (restored.current) toast({ text: "Unsaved work on this image was brought back." });
    restored.current = false;
  }, [toast]);

  function edit(step: Edit) {
    save.reset();
    dispatch({ type: "edit", edit: step, target: selected });
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

  // Enter right after a click saves what was clicked, not what was there before.
  const [saveWanted, setSaveWanted] = useState(false);
  const settledSave = useRef(() => undefined as unknown);
  useEffect(() => {
    settledSave.current = saveWork;
  });
  useEffect(() => {
    if (!saveWanted || smart.pending > 0) return;
    setSaveWanted(false);
    void settledSave.current();
  }, [saveWanted, smart.pending]);

  function tidy(minArea: number) {
    save.reset();
    dispatch({ type: "tidy", minArea, target: selected });
  }

  function closePolygon() {
    if (!canClose(polygon)) return;
    const { operation } = editor;
    edit({ kind: "polygon", operation, points: polygon.points });
    setPolygon(NO_POLYGON);
  }

  function select(id: string | null) {
    if (unsaved && id !== selectedId) return toast({ text: BUSY });
    dispatch({ type: "select", id });
    const roi = rois.find((other) => other.id === id);
    if (roi) {
      const [x, y, width, height] = roi.bbox;
      stage.current?.centreOn({ x, y, width, height });
    }
  }

  async function saveWork(): Promise<boolean> {
    if (!unsaved || save.isPending) return false;
    try {
      const roi = await save.mutateAsync(working);
      dispatch({ type: "finish" });
      setPolygon(NO_POLYGON);
      const index = rois.findIndex(({ id }) => id === roi.id);
      toast({ text: `Saved: ${displayName(roi, index < 0 ? rois.length : index)}.`, tone: "ok" });
      return true;
    } catch (error) {
      // The panel shows what the server said; a refusal of the page's own is only read out again.
      if (error instanceof RefusedROI) toast({ text: error.message, tone: "error" });
      return false;
    }
  }

  // What failed because the log-in had run out is done once it is back.
  const saveAgain = useRef(() => undefined as unknown);
  useEffect(() => {
    saveAgain.current = () => (save.error instanceof ApiError && save.error.isSignedOut ? saveWork() : undefined);
  });
  useEffect(() => onSession("signed_in", () => void saveAgain.current()), []);

  function discard() {
    const thrown: Working | null = working;
    if (thrown === null) return;
    save.reset();
    dispatch({ type: "finish" });
    setPolygon(NO_POLYGON);
    const onAction = () => dispatch({ type: "restore", working: thrown });
    toast({ text: "The work on this ROI is discarded.", action: { label: "Undo", onAction } });
  }

  function deleteROI(roi: ROI) {
    if (unsaved) return toast({ text: BUSY });
    remove.mutate(roi, {
      onSuccess: () => {
        dispatch({ type: "select", id: null });
        const onAction = () =>
          recreate.mutate(roi, { onError: (error) => toast({ text: errorText(error), tone: "error" }) });
        toast({ text: "The ROI is deleted.", action: { label: "Undo", onAction } });
      },
      onError: (error) => toast({ text: errorText(error), tone: "error" }),
    });
  }

  function changeROI(fields: { id: string; name?: string; level?: ROI["level"] }) {
    change.mutate(fields, { onError: (error) => toast({ text: errorText(error), tone: "error" }) });
  }

  function setLevel(level: ROI["level"]) {
    if (working === null && selected !== null) changeROI({ id: selected.id, level });
    else dispatch({ type: "level", level });
  }

  function goTo(imageId: string | null | undefined) {
    if (imageId) void navigate(`/studies/${study.slug}/images/${imageId}`);
  }

  useStageKeys(stage, { arrows: tool !== "smart", onHide: setHidden });
  useEditorKeys(keysAreTaken, {
    use,
    operate: (operation) => dispatch({ type: "operate", operation }),
    resizeBrush: (steps) => dispatch({ type: "brush", size: nextBrushSize(editor.brushSize, steps) }),
    setLevel,
    undo: () => (polygon.points.length > 0 ? setPolygon(dropLastPoint(polygon)) : dispatch({ type: "undo" })),
    redo: () => dispatch({ type: "redo" }),
    finish: () => (polygon.points.length > 0 ? closePolygon() : setSaveWanted(true)),
    save: () => setSaveWanted(true),
    back: () => {
      if (polygon.points.length > 0) setPolygon(dropLastPoint(polygon));
      else if (selected?.editable && !unsaved) deleteROI(selected);
    },
    cancel: () => {
      if (tool === "smart" && smart.cancel()) return;
      if (polygon.points.length > 0) setPolygon(NO_POLYGON);
      else if (!unsaved) select(null);
      else if (tool === "smart") discard();
    },
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
    startNew: () => select(null),
    rename: () => setRenaming(selectedId),
    previousImage: () => goTo(neighbours?.previous),
    nextImage: () => goTo(neighbours?.next),
  });

  return (
    <div className="regions">
      <ImageBar study={study} image={image} neighbours={neighbours} zoom={zoom} stage={stage} />
      <Toolbar
        editor={editor}
        backends={backends}
        smart={smart}
        onUse={use}
        onOperate={(operation) => dispatch({ type: "operate", operation })}
        onBrushSize={(size) => dispatch({ type: "brush", size })}
        canUndo={working !== null && working.history.done.length > 0}
        canRedo={working !== null && working.history.undone.length > 0}
        onUndo={() => dispatch({ type: "undo" })}
        onRedo={() => dispatch({ type: "redo" })}
      />
      <RegionsStage
        ref={stage}
        image={image}
        rois={rois}
        editor={editor}
        mask={mask.mask}
        smart={smart}
        polygon={polygon}
        hidden={hidden}
        mayDraw={mayDraw}
        onPolygon={setPolygon}
        onClosePolygon={closePolygon}
        onPreview={setPreview}
        onEdit={edit}
        onPick={select}
        onZoom={setZoom}
      />
      <aside className="regions-side" aria-label="ROIs of this image">
        <WorkingPanel
          editor={editor}
          selected={selected}
          mask={mask.mask}
          busy={save.isPending}
          error={save.error ?? (mask.error === null ? null : new Error(mask.error))}
          drawingPolygon={polygon.points.length > 0 && tool === "polygon"}
          onLevel={setLevel}
          onName={(name) => dispatch({ type: "name", name })}
          onTidy={tidy}
          onSave={() => void saveWork()}
          onDiscard={discard}
        />
        <ROIList
          rois={rois}
          selectedId={selectedId}
          renamingId={renaming}
          onSelect={select}
          onRenaming={setRenaming}
          onChange={changeROI}
          onDelete={deleteROI}
          onNew={() => select(null)}
        />
      </aside>
      <LeaveGuard unsaved={unsaved} onSave={saveWork} />
    </div>
  );
}
