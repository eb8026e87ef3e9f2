import { type RefObject, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { ImageRow } from "../../api/types";
import type { StageHandle } from "../../canvas/ImageStage";
import type { StagePointer, StageTool } from "../../canvas/useStagePointer";
import { type ImagePoint, imagePoint } from "../../geometry/points";
import type { Edit } from "../../model/edits";
import { boxBetween, isBox, pixelOf } from "../../tools/smart";
import { nextOffset, type Query, type Shown, type SmartBackend } from "./smartBackend";
import { usePreview } from "./usePreview";

interface Options {
  /** Whether the tool is in hand. */
  active: boolean;
  /** `null` until one is there. */
  backend: SmartBackend | null;
  image: ImageRow;
  stage: RefObject<StageHandle | null>;
  operation: "add" | "subtract";
  edits: readonly Edit[];
  /** Whether a click may draw; says why when it may not. */
  mayDraw: () => boolean;
  onEdit: (edit: Edit) => void;
  onError: (reason: string) => void;
}

/** Where the next click goes: the pointer, or the cross that the arrow keys move. */
interface Spot {
  readonly point: ImagePoint;
  readonly byKeys: boolean;
}

export interface SmartSelect {
  readonly tool: StageTool;
  /** What a click would take; `null` when nothing is pointed at or it is not known yet. */
  readonly shown: Shown | null;
  readonly removes: boolean;
  /** Corners of the box that is being drawn. */
  readonly box: { readonly from: ImagePoint; readonly to: ImagePoint } | null;
  readonly crosshair: ImagePoint | null;
  /** Clicks whose mask is still being computed. */
  readonly pending: number;
  readonly resize: (by: 1 | -1) => void;
  readonly ownChoice: () => void;
  readonly moveCrosshair: (dx: number, dy: number) => void;
  readonly clickCrosshair: (flips: boolean) => void;
  /** The first call sets a corner of a box at the cross, the second the opposite one. */
  readonly cornerCrosshair: () => void;
  /** Gives the box up; false when there is none. */
  readonly cancel: () => boolean;
}

/** True while Alt is held: what adds takes away, and the other way round. */
function useAlt(active: boolean): [boolean, (held: boolean) => void] {
  const [held, setHeld] = useState(false);
  useEffect(() => {
    if (!active) return setHeld(false);
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "Alt") return;
      // Alone it would open the browser's menu and take the focus.
      event.preventDefault();
      setHeld(event.type === "keydown");
    };
    const onBlur = () => setHeld(false);
    const stop = new AbortController();
    window.addEventListener("keydown", onKey, { signal: stop.signal });
    window.addEventListener("keyup", onKey, { signal: stop.signal });
    window.addEventListener("blur", onBlur, { signal: stop.signal });
    return () => stop.abort();
  }, [active]);
  return [held, setHeld];
}

/** Adds what was clicked to the mask, one after the other and none left out, each as soon as its mask is computed. */
function useClicks({ backend, edits, onEdit, onError }: Pick<Options, "backend" | "edits" | "onEdit" | "onError">) {
  const latest = useRef({ edits, onEdit, onError });
  useLayoutEffect(() => {
    latest.current = { edits, onEdit, onError };
  });
  const [pending, setPending] = useState(0);
  const queue = useRef(Promise.resolve());
  function click(query: Omit<Query, "edits">): void {
    if (backend === null) return;
    setPending((count) => count + 1);
    queue.current = queue.current.then(async () => {
      try {
        // What a click takes depends on the clicks before it, so it is worked out after they are done.
        const edit = await backend.take({ ...query, edits: latest.current.edits });
        flushSync(() => latest.current.onEdit(edit));
      } catch (error) {
        latest.current.onError(error instanceof Error ? error.message : String(error));
      } finally {
        setPending((count) => count - 1);
      }
    });
  }
  return { click, pending };
}

/** Smart select: what is under the pointer, at once. */
export function useSmartSelect(options: Options): SmartSelect {
  const { active, backend, image, stage, operation, edits, mayDraw } = options;
  const [spot, setSpot] = useState<Spot | null>(null);
  const [offset, setOffset] = useState(0);
  const [box, setBox] = useState<SmartSelect["box"]>(null);
  const [alt, setAlt] = useAlt(active);
  const press = useRef<{ from: ImagePoint; boxed: boolean } | null>(null);
  const { click, pending } = useClicks(options);
  const subtracts = operation === "subtract";
  const removes = subtracts !== alt;

  // biome-ignore lint/correctness/useExhaustiveDependencies: another backend has sizes of its own.
  useEffect(() => setOffset(0), [backend]);

  const query = useMemo((): Query => {
    const pixel = spot === null ? null : pixelOf(spot.point, image);
    const around = box === null ? null : boxBetween(box.from, box.to, image);
    return { pixel: box === null ? pixel : null, box: around, removes, offset, edits };
  }, [spot, box, removes, offset, edits, image]);
  const shown = usePreview(active ? backend : null, query);

  function clickAt(point: ImagePoint, takesAway: boolean): void {
    const pixel = pixelOf(point, image);
    if (pixel !== null && backend !== null && mayDraw()) click({ pixel, box: null, removes: takesAway, offset });
  }
  function takeBox(from: ImagePoint, to: ImagePoint, takesAway: boolean): void {
    const around = boxBetween(from, to, image);
    if (around !== null && mayDraw()) click({ pixel: null, box: around, removes: takesAway, offset: 0 });
  }
  function stop(): void {
    press.current = null;
    setBox(null);
  }

  const tool: StageTool = {
    cursor: "draw",
    down: ({ point }) => {
      press.current = { from: point, boxed: false };
    },
    move: ({ point, zoom, alt: held }: StagePointer) => {
      setAlt(held);
      const from = press.current?.from;
      if (press.current && from && (press.current.boxed || isBox(from, point, zoom))) {
        press.current.boxed = true;
        return setBox({ from, to: point });
      }
      setSpot((before) => {
        // Within a pixel every place means the same: nothing to draw anew.
        const [x, y] = [Math.floor(point.x), Math.floor(point.y)];
        const same =
          before !== null && !before.byKeys && Math.floor(before.point.x) === x && Math.floor(before.point.y) === y;
        return same ? before : { point, byKeys: false };
      });
      if (box !== null && press.current === null) setBox({ from: box.from, to: point });
    },
    up: ({ point, alt: held }: StagePointer) => {
      const takesAway = subtracts !== held;
      if (press.current?.boxed) takeBox(press.current.from, point, takesAway);
      else if (press.current) clickAt(point, takesAway);
      stop();
    },
    cancel: stop,
    leave: () => setSpot((before) => (before?.byKeys ? before : null)),
    doubleClick: () => undefined,
    wheel: (step) => resize(step),
  };

  function resize(by: 1 | -1): void {
    if (shown !== null && box === null) setOffset(nextOffset(shown.choice, by));
  }
  function moveCrosshair(dx: number, dy: number): void {
    const { x, y } = spot?.point ?? { x: image.width / 2, y: image.height / 2 };
    const within = (place: number, length: number) => Math.min(length - 0.5, Math.max(0.5, Math.floor(place) + 0.5));
    const point = imagePoint(within(x + dx, image.width), within(y + dy, image.height));
    setSpot({ point, byKeys: true });
    if (box !== null) setBox({ from: box.from, to: point });
    stage.current?.reveal(point);
  }
  function clickCrosshair(flips: boolean) {
    if (spot === null) return moveCrosshair(0, 0);
    clickAt(spot.point, subtracts !== flips);
  }
  function cornerCrosshair() {
    if (spot === null) return moveCrosshair(0, 0);
    if (box === null) return setBox({ from: spot.point, to: spot.point });
    takeBox(box.from, spot.point, removes);
    stop();
  }

  return {
    tool,
    shown,
    removes,
    box,
    crosshair: active && spot?.byKeys ? spot.point : null,
    pending,
    resize,
    ownChoice: () => setOffset(0),
    moveCrosshair,
    clickCrosshair,
    cornerCrosshair,
    cancel: () => {
      if (box === null) return false;
      stop();
      return true;
    },
  };
}
