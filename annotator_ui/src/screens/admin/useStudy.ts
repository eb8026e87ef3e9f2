import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api } from "../../api/client";
import type { Role, Study, StudyProgress } from "../../api/types";

/** Everything that is read about one study lives below this key, so that one call refreshes all of it. */
export const studyKey = (slug: string, ...rest: readonly unknown[]) => ["study", slug, ...rest] as const;

export function useStudy(slug: string) {
  return useQuery({ queryKey: studyKey(slug), queryFn: () => api.get<Study>(`studies/${slug}/`) });
}

/** The dashboard's numbers, asked again while the page is open: people are rating meanwhile. */
export function useProgress(slug: string, enabled = true) {
  return useQuery({
    queryKey: studyKey(slug, "progress"),
    queryFn: () => api.get<StudyProgress>(`studies/${slug}/progress/`),
    refetchInterval: 10_000,
    enabled,
  });
}

/** Asks the server again for everything about the study that is on the page. */
export function useRefreshStudy(slug: string): () => void {
  const queries = useQueryClient();
  return useCallback(() => {
    void queries.invalidateQueries({ queryKey: studyKey(slug) });
    void queries.invalidateQueries({ queryKey: ["studies"] });
  }, [queries, slug]);
}

export function hasRole(study: Study, ...roles: readonly Role[]): boolean {
  return study.my_roles.some((role) => roles.includes(role));
}

export function isStaff(study: Study): boolean {
  return hasRole(study, "admin", "ml_engineer");
}
