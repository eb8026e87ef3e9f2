import "../../styles/regions.css";
import { useEffect, useMemo, useRef, useState } from "react";
import { useNavigate } from "react-router";
import { ApiError } from "../../api/errors";
import { onSession } from "../../api/session";
import type { ImageRow, ROI, Study } from "../../api/types";
import { keysAreTaken } from "../../canvas/useStageKeys";
import { displayName } from "../../model/rois";
import { keepDraft, keptDraft } from "../../state/regions/drafts";
import { editorReducer, NEW_EDITOR, type Working } from "../../state/regions/editor";
import { errorText } from "../shared/ErrorNote";
import { useToast } from "../shared/Toast";
import { ImageBar } from "./ImageBar";
import { LeaveGuard } from "./LeaveGuard";
import { RegionsStage } from "./RegionsStage";
import { ROIList } from "./ROIList";
import { Toolbar } from "./Toolbar";
import { useDrawing } from "./useDrawing";
import { useEditorKeys } from "./useEditorKeys";
import { useNeighbours } from "./useNeighbours";
import { useROIWrites } from "./useRegions";
import { WorkingPanel } from "./WorkingPanel";
import { RefusedROI } from "./workingMask";

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
  const [renaming, setRenaming] = useState<string | null>(null);
  const toast = useToast();
  const navigate = useNavigate();
  const neighbours = useNeighbours(study.slug, image.id).data ?? null;
  const { save, change, remove, recreate } = useROIWrites(study.slug, image);
  const drawing = useDrawing({
    study,
    image,
    next: neighbours?.next ?? null,
    rois,
    begin: () => {
      const working = keptDraft(localStorage, place);
      return working === null ? NEW_EDITOR : editorReducer(NEW_EDITOR, { type: "restore", working });
    },
    onStep: save.reset,
  });
  const { editor, dispatch, selected, unsaved, mask, smart, stage, polygon } = drawing;
  const { working, selectedId, tool } = editor;

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
    if (working === null || !unsaved || save.isPending) return false;
    try {
      const roi = await save.mutateAsync(working);
      dispatch({ type: "finish" });
      polygon.clear();
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
    polygon.clear();
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

  useEditorKeys(keysAreTaken, {
    ...drawing.keys,
    setLevel,
    finish: () => (polygon.isDrawn ? polygon.close() : setSaveWanted(true)),
    save: () => setSaveWanted(true),
    back: () => {
      if (polygon.isDrawn) polygon.dropPoint();
      else if (selected?.editable && !unsaved) deleteROI(selected);
    },
    cancel: () => {
      if (tool === "smart" && smart.cancel()) return;
      if (polygon.isDrawn) polygon.clear();
      else if (!unsaved) select(null);
      else if (tool === "smart") discard();
    },
    startNew: () => select(null),
    rename: () => setRenaming(selectedId),
    previousImage: () => goTo(neighbours?.previous),
    nextImage: () => goTo(neighbours?.next),
  });

  return (
    <div className="regions">
      <ImageBar study={study} image={image} neighbours={neighbours} zoom={drawing.zoom} stage={stage} />
      <Toolbar {...drawing.toolbar} />
      <RegionsStage {...drawing.stageProps} onPick={select} />
      <aside className="regions-side" aria-label="ROIs of this image">
        <WorkingPanel
          editor={editor}
          selected={selected}
          edited={mask}
          busy={save.isPending}
          error={save.error ?? (mask.error === null ? null : new Error(mask.error))}
          drawingPolygon={polygon.isDrawn && tool === "polygon"}
          onLevel={setLevel}
          onName={(name) => dispatch({ type: "name", name })}
          onTidy={drawing.tidy}
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
