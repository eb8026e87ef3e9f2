import { useEffect, useRef, useState } from "react";
import type { RegionMask, RegionTake } from "./maskMessages";
import { type ImageRegions, knownRegionMask, regionMask } from "./regionMasks";

interface Wanted {
  readonly regions: ImageRegions;
  readonly take: RegionTake;
}

/**
 * The outline of what the pointer is at, as it becomes ready; `null` when it is at nothing. One request is under way at a
 * time and the latest wins; until it is there the outline before stays. `take` must be stable while it means the same.
 */
export function useRegionMask(regions: ImageRegions | null, take: RegionTake | null): RegionMask | null {
  const [mask, setMask] = useState<RegionMask | null>(null);
  const wanted = useRef<Wanted | null>(null);
  const busy = useRef(false);
  const current = useRef<Wanted | null>(null);
  const shown = useRef(false);
  useEffect(() => {
    async function pump(): Promise<void> {
      if (busy.current) return;
      busy.current = true;
      for (let next = wanted.current; next !== null; next = wanted.current) {
        wanted.current = null;
        // A preview that fails shows nothing; the click that follows says why.
        const found = await regionMask(next.regions, next.take).catch(() => null);
        // An answer that is late is better than none, and worse than the one that is shown already.
        if (current.current === next || (current.current !== null && !shown.current)) setMask(found);
        if (current.current === next) shown.current = true;
      }
      busy.current = false;
    }
    current.current = regions === null || take === null ? null : { regions, take };
    wanted.current = null;
    if (current.current === null) return setMask(null);
    const known = knownRegionMask(current.current.regions, current.current.take);
    shown.current = known !== undefined;
    if (known !== undefined) return setMask(known);
    wanted.current = current.current;
    void pump();
  }, [regions, take]);
  return mask;
}
