import type { ROI } from "../../api/types";
import { Button } from "../shared/Button";
import { Kbd } from "../shared/Kbd";
import { ROIRow } from "./ROIRow";

/** The ROIs of the image, to select, rename and delete. */
export function ROIList({
  rois,
  selectedId,
  renamingId,
  onSelect,
  onRenaming,
  onChange,
  onDelete,
  onNew,
}: {
  rois: readonly ROI[];
  selectedId: string | null;
  renamingId: string | null;
  onSelect: (id: string) => void;
  onRenaming: (id: string | null) => void;
  onChange: (fields: { id: string; name: string }) => void;
  onDelete: (roi: ROI) => void;
  onNew: () => void;
}) {
  return (
    <section className="regions-panel regions-list" aria-label="Saved ROIs">
      <div className="row row-between">
        <h2>ROIs ({rois.length})</h2>
        <Button small disabled={selectedId === null} onClick={onNew}>
          New ROI
          <span aria-hidden="true">
            <Kbd>N</Kbd>
          </span>
        </Button>
      </div>
      {rois.length === 0 ? (
        <p className="muted">No ROI is marked on this image yet. The first one you save appears here.</p>
      ) : (
        <ul>
          {rois.map((roi, index) => (
            <ROIRow
              key={roi.id}
              roi={roi}
              index={index}
              selected={roi.id === selectedId}
              renaming={roi.id === renamingId}
              onSelect={() => onSelect(roi.id)}
              onRenaming={(on) => onRenaming(on ? roi.id : null)}
              onRename={(name) => onChange({ id: roi.id, name })}
              onDelete={() => onDelete(roi)}
            />
          ))}
        </ul>
      )}
    </section>
  );
}
