import { type RefObject, useEffect, useRef, useState } from "react";
import { type ImagePoint, type ScreenPoint, screenPoint } from "../geometry/points";
import { toImage, type View } from "../geometry/viewport";

export interface StagePointer {
  readonly point: ImagePoint;
  /** Device pixels per image pixel, to turn a distance on the screen into one on the image. */
  readonly zoom: number;
  readonly shift: boolean;
  readonly alt: boolean;
}

/** What a drawing tool hears of the pointer. A second finger turns a touch into panning: `cancel` takes it back. */
export interface StageTool {
  readonly cursor: "draw" | "brush" | "point";
  down: (pointer: StagePointer) => void;
  /** Also without a button held, for previews. */
  move: (pointer: StagePointer) => void;
  up: (pointer: StagePointer) => void;
  cancel: () => void;
  leave: () => void;
  doubleClick: (pointer: StagePointer) => void;
  /** Takes the wheel instead of zooming, which is then on Ctrl and the wheel; 1 is up and -1 down. */
  wheel?: (step: 1 | -1, pointer: StagePointer) => void;
}

export interface PointerOptions {
  /** Hears the pointer. */
  frame: RefObject<HTMLDivElement | null>;
  /** Has one pixel per device pixel: positions are counted in it. */
  surface: RefObject<HTMLCanvasElement | null>;
  view: View | null;
  tool: StageTool | null;
  /** Device pixels. */
  onPan: (dx: number, dy: number) => void;
  onZoom: (steps: number, at: ScreenPoint) => void;
  /** A press and release in one place while the pointer pans. */
  onClick: ((pointer: StagePointer) => void) | undefined;
}

export type StageCursor = "pan" | "panning" | "draw" | "brush" | "point";

/** Wheel travel, in CSS pixels, that makes one zoom step: one notch of a mouse, a short stroke on a touchpad. */
const WHEEL_STEP = 60;
/** A press that travels less than this many device pixels is a click. */
const CLICK_PX = 5;
/** Pinch ratio that makes one zoom step. */
const PINCH_STEP = 1.35;

interface Gesture {
  mode: "idle" | "pan" | "draw";
  fingers: Map<number, ScreenPoint>;
  pinch: number;
  /** Device pixels the pointer went since it was pressed; infinite when it cannot be a click any more. */
  travelled: number;
  wheel: number;
  spaceHeld: boolean;
  hovered: boolean;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function middleOf(fingers: Map<number, ScreenPoint>): ScreenPoint {
  const all = [...fingers.values()];
  return screenPoint(
    all.reduce((sum, { x }) => sum + x, 0) / all.length,
    all.reduce((sum, { y }) => sum + y, 0) / all.length,
  );
}

function spreadOf(fingers: Map<number, ScreenPoint>): number {
  const [a, b] = [...fingers.values()];
  return a && b ? Math.hypot(a.x - b.x, a.y - b.y) : 0;
}

/** Turns pointer, wheel and Space into panning, zooming and a tool's calls; answers the cursor to show. */
export function useStagePointer(options: PointerOptions): StageCursor {
  const latest = useRef(options);
  const [spaceHeld, setSpaceHeld] = useState(false);
  const [panning, setPanning] = useState(false);
  useEffect(() => {
    latest.current = options;
  });

  useEffect(() => {
    const element = options.frame.current;
    if (element === null) return;
    const gesture: Gesture = {
      mode: "idle",
      fingers: new Map(),
      pinch: 0,
      travelled: 0,
      wheel: 0,
      spaceHeld: false,
      hovered: false,
    };

    const at = (event: MouseEvent): ScreenPoint => {
      const canvas = latest.current.surface.current;
      if (canvas === null) return screenPoint(0, 0);
      const box = canvas.getBoundingClientRect();
      const scale = canvas.width / box.width;
      return screenPoint((event.clientX - box.left) * scale, (event.clientY - box.top) * scale);
    };
    const toolPointer = (event: MouseEvent, view: View): StagePointer => ({
      point: toImage(at(event), view),
      zoom: view.zoom,
      shift: event.shiftKey,
      alt: event.altKey,
    });
    const startPan = () => {
      gesture.mode = "pan";
      setPanning(true);
    };
    const startPinch = () => {
      if (gesture.mode === "draw") latest.current.tool?.cancel();
      gesture.pinch = spreadOf(gesture.fingers);
      startPan();
    };

    const onDown = (event: PointerEvent) => {
      const { tool, view } = latest.current;
      if (view === null || (event.target as Element).closest("button") !== null) return;
      element.focus({ preventScroll: true });
      element.setPointerCapture(event.pointerId);
      gesture.fingers.set(event.pointerId, at(event));
      const mayClick = event.button === 0 && !gesture.spaceHeld && gesture.fingers.size === 1;
      gesture.travelled = mayClick ? 0 : Number.POSITIVE_INFINITY;
      if (gesture.fingers.size === 2) return startPinch();
      if (event.button === 1 || gesture.spaceHeld || tool === null) {
        event.preventDefault();
        return startPan();
      }
      if (event.button !== 0) return;
      gesture.mode = "draw";
      tool.down(toolPointer(event, view));
    };
    const onMove = (event: PointerEvent) => {
      const { tool, view, onPan, onZoom } = latest.current;
      if (view === null) return;
      if (gesture.mode === "pan" && gesture.fingers.has(event.pointerId)) {
        const before = middleOf(gesture.fingers);
        gesture.fingers.set(event.pointerId, at(event));
        const now = middleOf(gesture.fingers);
        onPan(now.x - before.x, now.y - before.y);
        gesture.travelled += Math.hypot(now.x - before.x, now.y - before.y);
        const spread = spreadOf(gesture.fingers);
        if (gesture.pinch > 0 && spread > 0) {
          const steps = Math.trunc(Math.log(spread / gesture.pinch) / Math.log(PINCH_STEP));
          if (steps !== 0) {
            gesture.pinch = spread;
            onZoom(steps, now);
          }
        }
        return;
      }
      if (tool === null) return;
      // A fast stroke has more positions than frames.
      const positions = gesture.mode === "draw" ? event.getCoalescedEvents() : [];
      for (const position of positions.length > 0 ? positions : [event]) tool.move(toolPointer(position, view));
    };
    const onUp = (event: PointerEvent) => {
      const { tool, view, onClick } = latest.current;
      gesture.fingers.delete(event.pointerId);
      if (gesture.mode === "pan" && view !== null && event.type === "pointerup" && gesture.travelled < CLICK_PX) {
        onClick?.(toolPointer(event, view));
      }
      if (gesture.mode === "draw" && view !== null) {
        if (event.type === "pointercancel") tool?.cancel();
        else tool?.up(toolPointer(event, view));
      }
      gesture.pinch = 0;
      if (gesture.fingers.size === 0) {
        gesture.mode = "idle";
        setPanning(false);
      }
    };
    const onDouble = (event: MouseEvent) => {
      const { tool, view } = latest.current;
      if (view !== null && !gesture.spaceHeld) tool?.doubleClick(toolPointer(event, view));
    };
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      gesture.wheel += event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 33;
      const steps = Math.trunc(gesture.wheel / WHEEL_STEP);
      if (steps === 0) return;
      gesture.wheel = 0;
      const { tool, view, onZoom } = latest.current;
      if (tool?.wheel && view !== null && !event.ctrlKey) tool.wheel(steps > 0 ? -1 : 1, toolPointer(event, view));
      else onZoom(-Math.sign(steps), at(event));
    };
    const onEnter = () => {
      gesture.hovered = true;
    };
    const onLeave = () => {
      gesture.hovered = false;
      if (gesture.mode !== "draw") latest.current.tool?.leave();
    };
    const onKey = (event: KeyboardEvent) => {
      if (event.code !== "Space" || isTyping(event.target)) return;
      if (event.type === "keydown" && !gesture.hovered && document.activeElement !== element) return;
      // Space over the image pans even while a button has the focus, and must not press it.
      if (event.type === "keydown" || gesture.spaceHeld) event.preventDefault();
      gesture.spaceHeld = event.type === "keydown";
      setSpaceHeld(gesture.spaceHeld);
    };
    const onBlur = () => {
      gesture.spaceHeld = false;
      setSpaceHeld(false);
    };

    const stop = new AbortController();
    const { signal } = stop;
    element.addEventListener("pointerdown", onDown, { signal });
    element.addEventListener("pointermove", onMove, { signal });
    element.addEventListener("pointerup", onUp, { signal });
    element.addEventListener("pointercancel", onUp, { signal });
    element.addEventListener("pointerenter", onEnter, { signal });
    element.addEventListener("pointerleave", onLeave, { signal });
    element.addEventListener("dblclick", onDouble, { signal });
    element.addEventListener("wheel", onWheel, { signal, passive: false });
    window.addEventListener("keydown", onKey, { signal });
    window.addEventListener("keyup", onKey, { signal });
    window.addEventListener("blur", onBlur, { signal });
    return () => stop.abort();
  }, [options.frame]);

  if (panning) return "panning";
  if (spaceHeld || options.tool === null) return "pan";
  return options.tool.cursor;
}
