import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import type { ImageRow } from "../../api/types";
import type { StageHandle } from "../../canvas/ImageStage";
import type { RegionMask, RegionTake } from "../../canvas/maskMessages";
import { type ImageRegions, regionMask } from "../../canvas/regionMasks";
import { useRegionMask } from "../../canvas/useRegionMask";
import type { StagePointer, StageTool } from "../../canvas/useStagePointer";
import { type ImagePoint, imagePoint } from "../../geometry/points";
import { leafAt } from "../../geometry/regionTree";
import type { Edit, RegionPrompt } from "../../model/edits";
import { boxBetween, isBox, nextOffset, pixelOf, pointPrompt, type Target, targetAt } from "../../tools/smart";

interface Options {
  /** Whether the tool is in hand. */
  active: boolean;
  /** `null` until the regions are there. */
  regions: ImageRegions | null;
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
  /** What a click would take, with its outline as soon as it is there. */
  readonly target: Target | null;
  readonly outline: RegionMask | null;
  readonly removes: boolean;
  readonly area: number;
  /** Corners of the box that is being drawn. */
  readonly box: { readonly from: ImagePoint; readonly to: ImagePoint } | null;
  readonly crosshair: ImagePoint | null;
  /** Clicks whose region is still being computed. */
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

/** Adds what was clicked to the mask, one after the other and none left out, each as soon as its region is computed. */
function useClicks({ regions, onEdit, onError }: Pick<Options, "regions" | "onEdit" | "onError">) {
  const latest = useRef({ onEdit, onError });
  useEffect(() => {
    latest.current = { onEdit, onError };
  });
  const [pending, setPending] = useState(0);
  const queue = useRef(Promise.resolve());
  function click(take: RegionTake, prompt: RegionPrompt): void {
    if (regions === null) return;
    setPending((count) => count + 1);
    queue.current = queue.current.then(async () => {
      try {
        const { counts } = await regionMask(regions, take);
        latest.current.onEdit({ kind: "region", operation: prompt.positive ? "add" : "subtract", prompt, counts });
      } catch (error) {
        latest.current.onError(error instanceof Error ? error.message : String(error));
      } finally {
        setPending((count) => count - 1);
      }
    });
  }
  return { click, pending };
}

/** Smart select: the region of the tree under the pointer, at once. */
export function useSmartSelect(options: Options): SmartSelect {
  const { active, regions, image, stage, operation, edits, mayDraw } = options;
  const [spot, setSpot] = useState<Spot | null>(null);
  const [offset, setOffset] = useState(0);
  const [box, setBox] = useState<SmartSelect["box"]>(null);
  const [alt, setAlt] = useAlt(active);
  const press = useRef<{ from: ImagePoint; boxed: boolean } | null>(null);
  const { click, pending } = useClicks(options);
  const tree = active ? (regions?.tree ?? null) : null;
  const subtracts = operation === "subtract";
  const removes = subtracts !== alt;

  function find(point: ImagePoint, takesAway: boolean): { pixel: { x: number; y: number }; target: Target } | null {
    const pixel = pixelOf(point, image);
    const target = pixel && tree ? targetAt(tree, pixel, takesAway, edits, offset) : null;
    return pixel && target ? { pixel, target } : null;
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: `find` is made anew for each render and reads only these.
  const target = useMemo(
    () => (spot === null ? null : (find(spot.point, removes)?.target ?? null)),
    [spot, removes, tree, edits, offset, image],
  );
  const node = target?.node ?? null;
  const take = useMemo((): RegionTake | null => {
    if (tree === null) return null;
    if (box !== null) {
      const pixels = boxBetween(box.from, box.to, image);
      return pixels === null ? null : { box: pixels };
    }
    return node === null ? null : { nodes: [node] };
  }, [tree, box, node, image]);
  const outline = useRegionMask(regions, take);

  function clickAt(point: ImagePoint, takesAway: boolean): void {
    const found = find(point, takesAway);
    if (found === null || tree === null || !mayDraw()) return;
    click({ nodes: [found.target.node] }, pointPrompt(tree, found.pixel, found.target.node, !takesAway));
  }
  function takeBox(from: ImagePoint, to: ImagePoint, takesAway: boolean): void {
    const pixels = boxBetween(from, to, image);
    if (pixels !== null && mayDraw()) click({ box: pixels }, { type: "box", ...pixels, positive: !takesAway });
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
        // Within a leaf every pixel means the same: nothing to draw anew.
        const same = before !== null && !before.byKeys && tree !== null;
        if (same && leafAt(tree, before.point.x, before.point.y) === leafAt(tree, point.x, point.y)) return before;
        return { point, byKeys: false };
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
    if (target !== null) setOffset(nextOffset(target, by));
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
    target: box === null ? target : null,
    outline: take === null ? null : outline,
    removes,
    area:
      take === null
        ? 0
        : box === null && node !== null && tree !== null
          ? (tree.area[node] ?? 0)
          : (outline?.area ?? 0),
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
