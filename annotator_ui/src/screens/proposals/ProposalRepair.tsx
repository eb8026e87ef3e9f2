import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import type { ImageRow, Proposal, ProposalAcceptance, ROI, ROILevel, Study } from "../../api/types";
import { keysAreTaken } from "../../canvas/useStageKeys";
import { NO_EDITS } from "../../model/edits";
import { provenanceOf } from "../../model/provenance";
import { refusalOf } from "../../model/rois";
import { editorReducer, NEW_EDITOR, type Working } from "../../state/regions/editor";
import { MaskArea } from "../regions/MaskArea";
import { RegionsStage } from "../regions/RegionsStage";
import { Toolbar } from "../regions/Toolbar";
import { useDrawing } from "../regions/useDrawing";
import { useEditorKeys } from "../regions/useEditorKeys";
import { changedPixels, editedPixels, maskOf } from "../regions/workingMask";
import { Button } from "../shared/Button";
import { errorText } from "../shared/ErrorNote";
import { Kbd } from "../shared/Kbd";

const nothing = () => undefined;

/** The proposal in the drawing tools: what is saved is accepted as repaired. */
export function ProposalRepair({
  study,
  image,
  proposal,
  level: given,
  rois,
  onAccept,
  onCancel,
}: {
  study: Study;
  image: ImageRow;
  proposal: Proposal;
  level: ROILevel;
  rois: readonly ROI[];
  onAccept: (body: ProposalAcceptance) => void;
  onCancel: () => void;
}) {
  const { segmentation } = proposal;
  const [level, setLevel] = useState(given);
  const accept = useMutation({
    mutationFn: async (working: Working): Promise<ProposalAcceptance> => {
      const mask = await maskOf(working, segmentation.size);
      const edited = await editedPixels(working, segmentation.size);
      const repair = { ...provenanceOf(working.history.done, edited), changed_px: changedPixels(segmentation, mask) };
      return { level, name: "", segmentation: mask, provenance: { repair } };
    },
    onSuccess: onAccept,
  });
  const drawing = useDrawing({
    study,
    image,
    next: null,
    rois,
    begin: () => {
      const working: Working = { roiId: null, base: segmentation, level, name: "", history: NO_EDITS };
      return editorReducer({ ...NEW_EDITOR, tool: "brush" }, { type: "restore", working });
    },
    onStep: accept.reset,
  });
  const { editor, mask, polygon, smart, unsaved } = drawing;
  const { working } = editor;
  const refusal = refusalOf(mask.mask?.area ?? proposal.area);
  const mayAccept = working !== null && refusal === null && smart.pending === 0 && !accept.isPending;
  function finish() {
    if (working === null || !mayAccept) return;
    if (unsaved) accept.mutate(working);
    else onAccept({ level, name: "" });
  }
  useEditorKeys(keysAreTaken, {
    ...drawing.keys,
    setLevel,
    finish: () => (polygon.isDrawn ? polygon.close() : finish()),
    save: finish,
    back: () => polygon.isDrawn && polygon.dropPoint(),
    cancel: () => {
      if (smart.cancel()) return;
      if (polygon.isDrawn) polygon.clear();
      else onCancel();
    },
    startNew: nothing,
    rename: nothing,
    previousImage: nothing,
    nextImage: nothing,
  });
  return (
    <>
      <Toolbar {...drawing.toolbar} />
      <RegionsStage {...drawing.stageProps} focusBox={proposal.bbox} onPick={nothing} />
      <aside className="regions-side" aria-label="Repair of the proposal">
        <section className="regions-panel" aria-label="Repair">
          <h2>Repair the proposal</h2>
          <p className="muted small">
            Add with Smart select, polygon or brush; take away with the eraser or Subtracts.
          </p>
          <MaskArea edited={mask} before={proposal.area} />
          {refusal === null ? null : (
            <p className="note note-warn" role="status">
              {refusal}
            </p>
          )}
          {accept.error ? (
            <p className="note note-error" role="alert">
              {errorText(accept.error)}
            </p>
          ) : null}
          <Button variant="primary" busy={accept.isPending} disabled={!mayAccept} onClick={finish}>
            Accept as repaired{" "}
            <span aria-hidden="true">
              <Kbd>Enter</Kbd>
            </span>
          </Button>
          <Button onClick={onCancel}>
            Back without changes{" "}
            <span aria-hidden="true">
              <Kbd>Esc</Kbd>
            </span>
          </Button>
        </section>
      </aside>
    </>
  );
}
