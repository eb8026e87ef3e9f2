import { type RefObject, useEffect, useRef } from "react";
import { type Command, commandOf, endsHiding } from "../../state/rating/keyboard";
import type { InputKind } from "../../state/rating/telemetry";

export interface RatingKeys {
  /** How the person last used the page. */
  lastInput: RefObject<InputKind>;
  /** Whether the person walks through the controls with Tab: then the focus follows the current row. */
  tabbing: RefObject<boolean>;
}

function isTextField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || target.matches("textarea, select, input:not([type=radio], [type=checkbox])"))
  );
}

/** Whether Enter or Space belong to the focused control itself. */
function belongsToControl(event: KeyboardEvent): boolean {
  const { target, key } = event;
  if (!(target instanceof HTMLElement)) return false;
  if (target.closest("button, a, summary") !== null) return key === "Enter" || key === " ";
  return target.matches("input") && key === " ";
}

/**
 * Keys of the whole page. After a click the focus stays on what was clicked; Enter and Space still mean the page's own
 * commands then, so that nobody zooms twice instead of submitting. They go to the focused control for those who came
 * to it with Tab.
 */
export function useRatingKeys(onCommand: (command: Command) => void, onHide: (hidden: boolean) => void): RatingKeys {
  const lastInput = useRef<InputKind>("keyboard");
  const tabbing = useRef(false);
  const latest = useRef({ onCommand, onHide });
  useEffect(() => {
    latest.current = { onCommand, onHide };
  });

  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      if (event.key === "Tab") tabbing.current = true;
      if (event.defaultPrevented || isTextField(event.target)) return;
      if (document.querySelector("dialog[open]") !== null) return;
      lastInput.current = "keyboard";
      if (tabbing.current && belongsToControl(event)) return;
      const command = commandOf(event);
      if (command === null) return;
      event.preventDefault();
      if (command.type === "hide") latest.current.onHide(true);
      else latest.current.onCommand(command);
    };
    const onKeyUp = (event: KeyboardEvent) => {
      if (endsHiding(event)) latest.current.onHide(false);
      // A button presses itself when Space comes up; the key meant the outline.
      if (event.key === " " && !tabbing.current && !isTextField(event.target)) event.preventDefault();
    };
    const onPointerDown = (event: PointerEvent) => {
      tabbing.current = false;
      lastInput.current = event.pointerType === "mouse" ? "mouse" : "touch";
    };
    const onBlur = () => latest.current.onHide(false);
    const control = new AbortController();
    const { signal } = control;
    document.addEventListener("keydown", onKeyDown, { signal });
    document.addEventListener("keyup", onKeyUp, { signal });
    document.addEventListener("pointerdown", onPointerDown, { signal, capture: true });
    window.addEventListener("blur", onBlur, { signal });
    return () => control.abort();
  }, []);

  return { lastInput, tabbing };
}
