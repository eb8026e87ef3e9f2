import { type FormEvent, useEffect, useRef } from "react";
import type { ROI } from "../../api/types";
import { displayName, LEVEL_WORDS, MAX_NAME, pixels } from "../../model/rois";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";

function RenameForm({ roi, onRename, onEnd }: { roi: ROI; onRename: (name: string) => void; onEnd: () => void }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    input.current?.focus();
    input.current?.select();
  }, []);
  function submit(event: FormEvent) {
    event.preventDefault();
    const name = input.current?.value.trim() ?? "";
    if (name !== roi.name) onRename(name);
    onEnd();
  }
  return (
    <form onSubmit={submit} className="row">
      <input
        ref={input}
        className="input"
        aria-label="New name"
        defaultValue={roi.name}
        maxLength={MAX_NAME}
        onBlur={submit}
        onKeyDown={(event) => {
          if (event.key !== "Escape") return;
          event.stopPropagation();
          onEnd();
        }}
      />
    </form>
  );
}

/** One ROI of the list; the selected one shows what can be done with it. */
export function ROIRow({
  roi,
  index,
  selected,
  renaming,
  onSelect,
  onRenaming,
  onRename,
  onDelete,
}: {
  roi: ROI;
  index: number;
  selected: boolean;
  renaming: boolean;
  onSelect: () => void;
  onRenaming: (on: boolean) => void;
  onRename: (name: string) => void;
  onDelete: () => void;
}) {
  const name = displayName(roi, index);
  return (
    <li className={selected ? "roi-row roi-row-selected" : "roi-row"}>
      <button
        type="button"
        className="roi-pick"
        aria-pressed={selected}
        onClick={onSelect}
        onDoubleClick={() => onRenaming(true)}
      >
        <span className="roi-name">{name}</span>
        <span className="muted small numeric">
          {LEVEL_WORDS[roi.level]} · {pixels(roi.area)}
        </span>
      </button>
      {roi.editable ? null : <Badge title="This ROI can no longer be changed or deleted">locked</Badge>}
      {renaming ? <RenameForm roi={roi} onRename={onRename} onEnd={() => onRenaming(false)} /> : null}
      {selected && !renaming ? (
        <div className="row">
          <Button small aria-label={`Rename ${name}`} onClick={() => onRenaming(true)}>
            Rename
          </Button>
          {roi.editable ? (
            <Button small variant="danger" aria-label={`Delete ${name}`} onClick={onDelete}>
              Delete
            </Button>
          ) : null}
        </div>
      ) : null}
    </li>
  );
}
