import { type RefObject, useEffect, useRef } from "react";
import type { StageHandle } from "./ImageStage";

/** Device pixels that an arrow key moves the image by; four times as many with Shift. */
const ARROW_PX = 48;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [1, 0],
  ArrowRight: [-1, 0],
  ArrowUp: [0, 1],
  ArrowDown: [0, -1],
};

/** True when the keys belong to a control that is typed into, or to an open dialog. */
export function keysAreTaken(event: KeyboardEvent): boolean {
  const { target } = event;
  if (document.querySelector("dialog[open]") !== null) return true;
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target.matches("textarea, select")) return true;
  return target instanceof HTMLInputElement && !["range", "radio", "checkbox", "button"].includes(target.type);
}

/**
 * Keys of every page with a stage: + and - zoom, Home goes back to 1:1 (digits are answers while rating), the arrows move the image when `arrows` says so.
 * `onHide` is told when the key that hides the outlines (H) goes down and up.
 */
export function useStageKeys(
  stage: RefObject<StageHandle | null>,
  { arrows, onHide }: { arrows: boolean; onHide: (hidden: boolean) => void },
): void {
  const hide = useRef(onHide);
  useEffect(() => {
    hide.current = onHide;
  });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || keysAreTaken(event)) return;
      const arrow = arrows ? ARROWS[event.key] : undefined;
      if (event.key === "+" || event.key === "=") stage.current?.zoomBy(1);
      else if (event.key === "-") stage.current?.zoomBy(-1);
      else if (event.key === "Home" && !(event.target instanceof HTMLInputElement)) stage.current?.zoomTo(1);
      else if (event.key.toLowerCase() === "h") hide.current(true);
      else if (arrow && !(event.target instanceof HTMLInputElement)) {
        const step = ARROW_PX * (event.shiftKey ? 4 : 1);
        stage.current?.panBy(arrow[0] * step, arrow[1] * step);
      } else return;
      event.preventDefault();
    };
    const onKeyUp = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "h") hide.current(false);
    };
    // A key that is let go while the window has no focus is never heard: show the outline again.
    const onBlur = () => hide.current(false);
    const stop = new AbortController();
    window.addEventListener("keydown", onKey, { signal: stop.signal });
    window.addEventListener("keyup", onKeyUp, { signal: stop.signal });
    window.addEventListener("blur", onBlur, { signal: stop.signal });
    return () => stop.abort();
  }, [stage, arrows]);
}
