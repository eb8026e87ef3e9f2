import { useEffect, useRef } from "react";
import { keysAreTaken } from "../../canvas/useStageKeys";

export interface ReviewCommands {
  accept: () => void;
  reject: () => void;
  repair: () => void;
  undo: () => void;
  step: (by: 1 | -1) => void;
  setLevel: (level: "object" | "component") => void;
}

function commandOf(event: KeyboardEvent, commands: ReviewCommands): (() => void) | null {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return key === "z" ? commands.undo : null;
  if (event.altKey) return null;
  switch (key) {
    case "Enter":
    case "a":
      return commands.accept;
    case "r":
    case "Delete":
      return commands.reject;
    case "e":
      return commands.repair;
    case "u":
    case "Backspace":
      return commands.undo;
    case "n":
    case "PageDown":
      return () => commands.step(1);
    case "b":
    case "PageUp":
      return () => commands.step(-1);
    case "o":
      return () => commands.setLevel("object");
    case "c":
      return () => commands.setLevel("component");
    default:
      return null;
  }
}

/** Keys of the queue. A key that is held decides once: proposals must be looked at. */
export function useReviewKeys(commands: ReviewCommands): void {
  const latest = useRef(commands);
  useEffect(() => {
    latest.current = commands;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.repeat || keysAreTaken(event)) return;
      // Enter on a button presses the button.
      if (event.key === "Enter" && event.target instanceof HTMLElement && event.target.closest("button, a")) return;
      const command = commandOf(event, latest.current);
      if (command === null) return;
      event.preventDefault();
      command();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  }, []);
}
