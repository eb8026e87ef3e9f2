import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api } from "../../api/client";
import type { QualificationStep, Standing, ViewingCheck } from "../../api/types";
import { type Conditions, checkFor, conditionsNow, sameConditions, watchConditions } from "../../state/rating/viewing";

export const standingKey = (slug: string) => ["study", slug, "standing"] as const;

/** The present screen and zoom, followed while the page is open. */
export function useConditions(): Conditions {
  const [conditions, setConditions] = useState(conditionsNow);
  useEffect(
    () =>
      watchConditions(() =>
        setConditions((before) => {
          const now = conditionsNow();
          return sameConditions(before, now) ? before : now;
        }),
      ),
    [],
  );
  return conditions;
}

export interface OwnStanding {
  standing: Standing;
  /** The viewing check that holds on this very screen. */
  check: ViewingCheck | undefined;
  /** The first step that is not done on this screen. */
  next: QualificationStep | null;
}

export function isDone(standing: Standing, check: ViewingCheck | undefined, name: QualificationStep): boolean {
  const step = standing.steps.find((one) => one.name === name);
  return step === undefined || step.done || (name === "viewing_check" && check !== undefined);
}

/** What the study asks before rating, with the viewing check looked up for the present screen. */
export function useStanding(slug: string) {
  const conditions = useConditions();
  const query = useQuery({
    queryKey: standingKey(slug),
    queryFn: () => api.get<Standing>(`studies/${slug}/qualification/`),
    staleTime: 0,
  });
  let own: OwnStanding | null = null;
  if (query.data) {
    const standing = query.data;
    const check = checkFor(standing.checks, conditions);
    own = { standing, check, next: standing.steps.find((step) => !isDone(standing, check, step.name))?.name ?? null };
  }
  return { own, error: query.error, refetch: query.refetch, isPending: query.isPending };
}
