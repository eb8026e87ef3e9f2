import type { ROI, ROILevel } from "../../api/types";
import type { EditedMask } from "../../canvas/maskMessages";
import { MAX_NAME, pixels, refusalOf } from "../../model/rois";
import { type Editor, hasWork } from "../../state/regions/editor";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { LevelChoice } from "./LevelChoice";
import { RefusedROI } from "./useRegions";

/** Parts and holes under this many pixels are slips of the hand, not ROIs. */
const SPECK_PX = 64;

function heading(selected: ROI | null): string {
  if (selected === null) return "New ROI";
  return selected.name === "" ? "Selected ROI" : selected.name;
}

/** The ROI that is being drawn or changed: level, name, size, and saving it. */
export function WorkingPanel({
  editor,
  selected,
  mask,
  busy,
  error,
  drawingPolygon,
  onLevel,
  onName,
  onTidy,
  onSave,
  onDiscard,
}: {
  editor: Editor;
  selected: ROI | null;
  mask: EditedMask | null;
  busy: boolean;
  error: Error | null;
  drawingPolygon: boolean;
  onLevel: (level: ROILevel) => void;
  onName: (name: string) => void;
  onTidy: (minArea: number) => void;
  onSave: () => void;
  onDiscard: () => void;
}) {
  const { working } = editor;
  const area = mask?.area ?? selected?.area ?? 0;
  const refusal = mask === null ? null : refusalOf(mask.area);
  return (
    <section className="regions-panel" aria-label="ROI being drawn">
      <h2>{heading(selected)}</h2>
      <LevelChoice
        legend="Level"
        level={working?.level ?? selected?.level ?? editor.nextLevel}
        disabled={working === null && selected !== null && !selected.editable}
        onLevel={onLevel}
      />
      {working === null ? (
        <p className="muted small">
          {selected === null
            ? "Draw a polygon or paint with the brush to mark an ROI."
            : selected.editable
              ? "Draw to add to this ROI, erase to take away from it."
              : "This ROI can no longer be changed."}
        </p>
      ) : (
        <>
          <Field label="Name" hint="Optional, for instance “left eye”">
            {(control) => (
              <input
                {...control}
                className="input"
                value={working.name}
                maxLength={MAX_NAME}
                onChange={(event) => onName(event.target.value)}
              />
            )}
          </Field>
          <p className="numeric">
            Area: <output aria-label="Area">{pixels(area)}</output>
            {mask !== null && mask.parts > 1 ? ` in ${mask.parts} parts` : ""}
          </p>
          {mask !== null && mask.parts > 1 ? (
            <Button small onClick={() => onTidy(SPECK_PX)}>
              Remove specks under {SPECK_PX} px
            </Button>
          ) : null}
          {refusal === null || drawingPolygon ? null : (
            <p className="note note-warn" role="status">
              {refusal}
            </p>
          )}
          {error === null || error instanceof RefusedROI ? null : <ErrorNote error={error} />}
          <div className="row">
            <Button variant="primary" busy={busy} disabled={!hasWork(working)} onClick={onSave}>
              Save ROI
            </Button>
            <Button onClick={onDiscard}>Discard</Button>
          </div>
        </>
      )}
    </section>
  );
}
