import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import type { Gold, ROIProgressRow } from "../../../api/types";
import { usePages } from "../usePages";
import { studyKey } from "../useStudy";

export function useGolds(slug: string) {
  return usePages<Gold>(studyKey(slug, "golds"), `studies/${slug}/golds/`, {});
}

export type Candidates = "clean" | "untouched" | "";

/** ROIs that a gold can be made from. */
export function useCandidates(slug: string, state: Candidates) {
  return usePages<ROIProgressRow>(studyKey(slug, "rois", state), `studies/${slug}/progress/rois/`, { state });
}

/** Asks again for everything that a new or removed gold changes. */
export function useRefreshGolds(slug: string): () => void {
  const queries = useQueryClient();
  return useCallback(() => {
    for (const part of ["golds", "checks", "rois", "progress"])
      void queries.invalidateQueries({ queryKey: studyKey(slug, part) });
  }, [queries, slug]);
}
