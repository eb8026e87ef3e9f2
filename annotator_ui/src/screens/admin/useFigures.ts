import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Agreement, Screening } from "../../api/types";
import { studyKey } from "./useStudy";

/** While a job makes new figures the page asks again every so many milliseconds. */
const POLL_MS = 3000;

function useFigures<Page extends { job: unknown }>(slug: string, page: "agreement" | "annotators") {
  return useQuery({
    queryKey: studyKey(slug, page),
    queryFn: () => api.get<Page>(`studies/${slug}/${page}/`),
    staleTime: 60_000,
    refetchInterval: ({ state }) => (state.data?.job ? POLL_MS : false),
  });
}

export const useAgreement = (slug: string) => useFigures<Agreement>(slug, "agreement");

export const useScreening = (slug: string) => useFigures<Screening>(slug, "annotators");

/** Has the figures of a large study made anew; both pages then wait for them. */
export function useComputeFigures(slug: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => api.post(`studies/${slug}/agreement/`, {}),
    onSettled: () =>
      Promise.all(
        ["agreement", "annotators"].map((page) => queries.invalidateQueries({ queryKey: studyKey(slug, page) })),
      ),
  });
}
