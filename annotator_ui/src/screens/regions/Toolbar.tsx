import { Fragment, type ReactNode } from "react";
import type { Editor, ToolName } from "../../state/regions/editor";
import { MAX_BRUSH, MIN_BRUSH } from "../../tools/brush";
import { Button } from "../shared/Button";
import { Kbd } from "../shared/Kbd";
import { BackendChoice, RegionSize, SmartNotes } from "./SmartPanel";
import type { Backends } from "./useBackend";
import type { SmartSelect } from "./useSmartSelect";

const TOOLS: readonly { name: ToolName; label: string; shortcut: string }[] = [
  { name: "smart", label: "Smart select", shortcut: "M" },
  { name: "select", label: "Select", shortcut: "V" },
  { name: "polygon", label: "Polygon", shortcut: "P" },
  { name: "brush", label: "Brush", shortcut: "B" },
  { name: "eraser", label: "Eraser", shortcut: "E" },
];

const HINTS: Readonly<Record<ToolName, readonly (readonly [keys: string, meaning: string])[]>> = {
  smart: [
    ["Click", "take; with Alt, take away"],
    ["Drag", "take a box"],
    ["Wheel", "smaller, larger"],
    [", . 0", "the same; own choice"],
    ["Arrows", "a cross; Shift: 10 px"],
    ["K", "click there; Shift: away"],
    ["X", "corner of a box"],
    ["Enter", "save"],
    ["Esc", "clear"],
  ],
  select: [
    ["Click", "select an ROI"],
    ["Drag", "move the image"],
    ["F2", "rename"],
    ["Del", "delete"],
  ],
  polygon: [
    ["Click", "add a point"],
    ["Drag", "move a point"],
    ["Enter", "close"],
    ["⌫", "last point back"],
    ["Esc", "start over"],
  ],
  brush: [
    ["Drag", "paint"],
    ["[ ]", "brush size"],
    ["Enter", "save"],
  ],
  eraser: [
    ["Drag", "erase"],
    ["[ ]", "brush size"],
    ["Enter", "save"],
  ],
};

const ALWAYS: readonly (readonly [keys: string, meaning: string])[] = [
  ["Space", "hold and drag to move"],
  ["H", "hold to hide outlines"],
  ["N", "new ROI"],
  ["Ctrl S", "save"],
];

function Hints({ rows }: { rows: readonly (readonly [keys: string, meaning: string])[] }) {
  return (
    <dl className="regions-hints">
      {rows.map(([keys, meaning]) => (
        <div key={keys}>
          <dt>
            <Kbd>{keys}</Kbd>
          </dt>
          <dd>{meaning}</dd>
        </div>
      ))}
    </dl>
  );
}

function Choice({
  pressed,
  shortcut,
  onClick,
  children,
}: {
  pressed: boolean;
  shortcut: string;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <Button className="regions-choice" aria-pressed={pressed} aria-keyshortcuts={shortcut} onClick={onClick}>
      <span>{children}</span>
      <span aria-hidden="true">
        <Kbd>{shortcut}</Kbd>
      </span>
    </Button>
  );
}

/** Tools, what they do, and the keys for it. */
export function Toolbar({
  editor,
  backends,
  smart,
  canUndo,
  canRedo,
  onUse,
  onOperate,
  onBrushSize,
  onUndo,
  onRedo,
}: {
  editor: Editor;
  backends: Backends;
  smart: SmartSelect;
  canUndo: boolean;
  canRedo: boolean;
  onUse: (tool: ToolName) => void;
  onOperate: (operation: Editor["operation"]) => void;
  onBrushSize: (size: number) => void;
  onUndo: () => void;
  onRedo: () => void;
}) {
  const { tool, operation, brushSize } = editor;
  return (
    <div className="regions-tools" role="toolbar" aria-label="Drawing tools" aria-orientation="vertical">
      {TOOLS.map(({ name, label, shortcut }) => (
        <Fragment key={name}>
          <Choice pressed={tool === name} shortcut={shortcut} onClick={() => onUse(name)}>
            {label}
          </Choice>
          {name === "smart" ? <SmartNotes backends={backends} /> : null}
        </Fragment>
      ))}
      {tool === "smart" ? <BackendChoice backends={backends} /> : null}
      {tool === "smart" && backends.backend !== null ? <RegionSize smart={smart} /> : null}
      {tool === "polygon" || tool === "smart" ? (
        <fieldset className="regions-group">
          <legend>{tool === "smart" ? "The region" : "The polygon"}</legend>
          <Choice pressed={operation === "add"} shortcut="A" onClick={() => onOperate("add")}>
            Adds
          </Choice>
          <Choice pressed={operation === "subtract"} shortcut="S" onClick={() => onOperate("subtract")}>
            Subtracts
          </Choice>
        </fieldset>
      ) : null}
      {tool === "brush" || tool === "eraser" ? (
        <label className="regions-group">
          <span>
            Brush size <output className="numeric">{brushSize} px</output>
          </span>
          <input
            type="range"
            // The label's first control is the output with the size.
            aria-label="Brush size"
            min={MIN_BRUSH}
            max={MAX_BRUSH}
            value={brushSize}
            onChange={(event) => onBrushSize(Number(event.target.value))}
          />
        </label>
      ) : null}
      <div className="row">
        <Button small disabled={!canUndo} title="Undo (Ctrl Z)" onClick={onUndo}>
          Undo
        </Button>
        <Button small disabled={!canRedo} title="Redo (Ctrl Shift Z)" onClick={onRedo}>
          Redo
        </Button>
      </div>
      <Hints rows={HINTS[tool]} />
      <Hints rows={[["+ −", tool === "smart" ? "zoom, also Ctrl and the wheel" : "zoom, also the wheel"], ...ALWAYS]} />
    </div>
  );
}
