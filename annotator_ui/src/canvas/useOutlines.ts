import { useEffect, useState } from "react";
import type { Segmentation } from "../api/types";
import type { Loop } from "../geometry/outline";
import { askMaskWorker } from "./maskWorker";

/** Loops by mask, for the masks that were traced in this page; a mask never changes under its own counts. */
const traced = new Map<string, Promise<readonly Loop[]>>();
const KEPT = 2_000;

function keyOf({ size, counts }: Segmentation): string {
  return `${size.join("x")}:${counts}`;
}

/** The outline of a mask, computed once in the worker. */
export function traceSegmentation(segmentation: Segmentation): Promise<readonly Loop[]> {
  const key = keyOf(segmentation);
  const known = traced.get(key);
  if (known !== undefined) return known;
  const loops = askMaskWorker({ kind: "trace", segmentation }).then((mask) => mask.loops);
  loops.catch(() => traced.delete(key));
  if (traced.size >= KEPT) traced.clear();
  traced.set(key, loops);
  return loops;
}

/** Outlines of the ROIs by id, as they become ready. A mask that cannot be read is left out and told in `error`. */
export function useOutlines(rois: readonly { id: string; segmentation: Segmentation }[]): {
  loops: ReadonlyMap<string, readonly Loop[]>;
  error: string | null;
} {
  const [state, setState] = useState<{ loops: ReadonlyMap<string, readonly Loop[]>; error: string | null }>({
    loops: new Map(),
    error: null,
  });
  useEffect(() => {
    let current = true;
    void Promise.allSettled(rois.map(({ segmentation }) => traceSegmentation(segmentation))).then((results) => {
      if (!current) return;
      const loops = new Map<string, readonly Loop[]>();
      let error: string | null = null;
      results.forEach((result, index) => {
        const id = rois[index]?.id ?? "";
        if (result.status === "fulfilled") loops.set(id, result.value);
        else error = result.reason instanceof Error ? result.reason.message : String(result.reason);
      });
      setState({ loops, error });
    });
    return () => {
      current = false;
    };
  }, [rois]);
  return state;
}
