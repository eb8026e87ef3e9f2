import { useEffect, useRef } from "react";
import type { ROILevel } from "../../api/types";
import type { ToolName } from "../../state/regions/editor";

export interface EditorCommands {
  use: (tool: ToolName) => void;
  operate: (operation: "add" | "subtract") => void;
  resizeBrush: (steps: 1 | -1) => void;
  setLevel: (level: ROILevel) => void;
  undo: () => void;
  redo: () => void;
  /** Enter: closes the polygon, or saves. */
  finish: () => void;
  save: () => void;
  /** Backspace and Delete: takes a point back, or deletes the selected ROI. */
  back: () => void;
  cancel: () => void;
  /** Keys of Smart select; `null` while another tool is in hand. */
  smart: {
    resize: (by: 1 | -1) => void;
    ownChoice: () => void;
    move: (dx: number, dy: number) => void;
    /** `flips` when the click does the opposite: takes away instead of adding. */
    click: (flips: boolean) => void;
    corner: () => void;
    changeBackend: () => void;
  } | null;
  startNew: () => void;
  rename: () => void;
  previousImage: () => void;
  nextImage: () => void;
}

const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** Image pixels that an arrow key moves the cross by, alone and with Shift. */
const CROSS_PX = 1;
const CROSS_SHIFT_PX = 10;

function smartCommandOf(event: KeyboardEvent, key: string, smart: EditorCommands["smart"]): (() => void) | null {
  if (smart === null) return null;
  const arrow = ARROWS[key];
  if (arrow !== undefined) {
    // A slider that has the focus keeps its arrows.
    if (event.target instanceof HTMLInputElement) return null;
    const step = event.shiftKey ? CROSS_SHIFT_PX : CROSS_PX;
    return () => smart.move(arrow[0] * step, arrow[1] * step);
  }
  switch (key) {
    case ",":
      return () => smart.resize(-1);
    case ".":
      return () => smart.resize(1);
    case "0":
      return smart.ownChoice;
    case "k":
    case "Insert":
      return () => smart.click(event.shiftKey);
    case "x":
      return smart.corner;
    case "r":
      return smart.changeBackend;
    default:
      return null;
  }
}

function commandOf(event: KeyboardEvent, commands: EditorCommands): (() => void) | null {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) {
    if (key === "z") return event.shiftKey ? commands.redo : commands.undo;
    if (key === "y") return commands.redo;
    return key === "s" ? commands.save : null;
  }
  if (event.altKey) return null;
  const smart = smartCommandOf(event, key, commands.smart);
  if (smart !== null) return smart;
  switch (key) {
    case "m":
      return () => commands.use("smart");
    case "v":
      return () => commands.use("select");
    case "p":
      return () => commands.use("polygon");
    case "b":
      return () => commands.use("brush");
    case "e":
      return () => commands.use("eraser");
    case "a":
      return () => commands.operate("add");
    case "s":
      return () => commands.operate("subtract");
    case "[":
      return () => commands.resizeBrush(-1);
    case "]":
      return () => commands.resizeBrush(1);
    case "o":
      return () => commands.setLevel("object");
    case "c":
      return () => commands.setLevel("component");
    case "n":
      return commands.startNew;
    case "F2":
      return commands.rename;
    case "Enter":
      return commands.finish;
    case "Backspace":
    case "Delete":
      return commands.back;
    case "Escape":
      return commands.cancel;
    case "PageUp":
      return commands.previousImage;
    case "PageDown":
      return commands.nextImage;
    default:
      return null;
  }
}

/** Keys of the ROI page. `taken` says when the keys belong to a control that is typed into. */
export function useEditorKeys(taken: (event: KeyboardEvent) => boolean, commands: EditorCommands): void {
  const latest = useRef({ taken, commands });
  useEffect(() => {
    latest.current = { taken, commands };
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const saves = (event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "s";
      if (!saves && latest.current.taken(event)) return;
      // Enter on a button presses the button.
      if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.closest("button, a")) return;
      const command = commandOf(event, latest.current.commands);
      if (command === null) return;
      event.preventDefault();
      command();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
