import type { ROI, ROILevel } from "../../api/types";
import type { EditedMaskNow } from "../../canvas/useEditedMask";
import { MAX_NAME, pixels, refusalOf } from "../../model/rois";
import { type Editor, hasWork, type Working } from "../../state/regions/editor";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { LevelChoice } from "./LevelChoice";
import { MaskArea } from "./MaskArea";
import { RefusedROI } from "./workingMask";

/** Longest side, in pixels, of a square speck or hole that can be cleaned up. */
const MAX_SPECK_SIDE = 48;

/** Size of the specks that the last step cleaned up, in pixels; 0 when it was another step. */
function speckSize(working: Working): number {
  const last = working.history.done.at(-1);
  return last?.kind === "tidy" ? last.minArea : 0;
}

/** Removes small parts and fills small holes; the size is shown while it is chosen. */
function SpeckSlider({ size, onTidy }: { size: number; onTidy: (minArea: number) => void }) {
  return (
    <label className="regions-group">
      <span>
        Clean up specks{" "}
        <output className="numeric" aria-label="Size of specks">
          {size === 0 ? "off" : `under ${pixels(size)}`}
        </output>
      </span>
      <input
        type="range"
        // The label's first control is the output with the size.
        aria-label="Clean up specks"
        min={0}
        max={MAX_SPECK_SIDE}
        // The side of a square: the first steps are fine, the last ones coarse.
        value={Math.round(Math.sqrt(size))}
        onChange={(event) => onTidy(Number(event.target.value) ** 2)}
      />
    </label>
  );
}

function heading(selected: ROI | null): string {
  if (selected === null) return "New ROI";
  return selected.name === "" ? "Selected ROI" : selected.name;
}

/** The ROI that is being drawn or changed: level, name, size, and saving it. */
export function WorkingPanel({
  editor,
  selected,
  edited,
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
  edited: EditedMaskNow;
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
  const refusal = edited.mask === null ? null : refusalOf(edited.mask.area);
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
            ? "Click a region, draw a polygon, or paint with the brush to mark an ROI."
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
          <MaskArea edited={edited} before={selected?.area ?? 0} />
          <SpeckSlider size={speckSize(working)} onTidy={onTidy} />
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
