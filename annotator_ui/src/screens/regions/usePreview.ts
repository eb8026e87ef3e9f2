import { useEffect, useRef, useState } from "react";
import { LatestWins } from "../../model/latestWins";
import type { Query, Shown, SmartBackend } from "./smartBackend";

interface Question {
  readonly backend: SmartBackend;
  readonly query: Query;
}

/**
 * What a click would take, as it becomes known; `null` when the pointer is at nothing. One question is under way at a time
 * and the latest wins; until its answer is there the one before stays.
 */
export function usePreview(backend: SmartBackend | null, query: Query): Shown | null {
  const [answer, setAnswer] = useState<Shown | null>(null);
  const asked = useRef<LatestWins<Question, Shown> | null>(null);
  asked.current ??= new LatestWins(({ backend: of, query: about }) => of.look(about), setAnswer);
  const key = backend?.keyOf(query) ?? null;
  const known = key === null ? null : (backend?.peek(query) ?? null);
  const latest = useRef(query);
  useEffect(() => {
    latest.current = query;
  });
  const isKnown = known?.mask != null;
  // biome-ignore lint/correctness/useExhaustiveDependencies: queries with one key mean the same, and there are many more of them.
  useEffect(() => {
    if (backend === null || key === null) asked.current?.settle(null);
    else if (isKnown) asked.current?.settle(backend.peek(latest.current));
    else asked.current?.want({ backend, query: latest.current });
  }, [backend, key]);
  if (key === null) return null;
  if (known === null) return answer;
  return known.mask === null ? { ...known, mask: answer?.mask ?? null } : known;
}
