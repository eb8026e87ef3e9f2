import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { VoteEffect } from "../../api/types";
import { studyKey } from "./useStudy";

/** What the labels are with and without one annotator's votes, whether or not they count at present. */
export function useEffectOfVotes(slug: string, member: string) {
  return useQuery({
    queryKey: studyKey(slug, "effect", member),
    queryFn: () => api.get<VoteEffect>(`studies/${slug}/annotators/${member}/effect/`),
    staleTime: 30_000,
  });
}
