import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useReducer } from "react";
import { api } from "../../api/client";
import type { Proposal, ProposalAcceptance, ROILevel } from "../../api/types";
import { currentOf, NO_QUEUE, openAfter, openCount, queueReducer, type Verdict } from "../../state/proposals/queue";
import { usePages } from "../admin/usePages";
import { studyKey } from "../admin/useStudy";
import { errorText } from "../shared/ErrorNote";
import { useToast } from "../shared/Toast";

/** With fewer than this many left the next page is asked for. */
const FEW = 15;

/** Pending proposals of a study, one at a time, and what becomes of them. A decision is shown at once and sent behind it. */
export function useProposals(slug: string, level: ROILevel | "") {
  const queries = useQueryClient();
  const toast = useToast();
  const [queue, dispatch] = useReducer(queueReducer, NO_QUEUE);
  const key = studyKey(slug, "proposals", "pending", level);
  const pages = usePages<Proposal>(key, `studies/${slug}/proposals/`, { state: "pending", level, limit: 50 });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = pages;
  useEffect(() => {
    if (data !== undefined) dispatch({ type: "rows", rows: data.pages.flatMap(({ results }) => results) });
  }, [data]);
  const left = openCount(queue);
  useEffect(() => {
    if (left < FEW && hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [left, hasNextPage, isFetchingNextPage, fetchNextPage]);

  const refreshROIs = (image: string | undefined) =>
    void queries.invalidateQueries({ queryKey: studyKey(slug, "image", image, "rois") });
  const refused = (id: string, error: unknown) => {
    dispatch({ type: "refused", id });
    toast({ text: errorText(error), tone: "error" });
  };
  const send = useMutation({
    // One after the other: a decision and its undo must not overtake each other.
    scope: { id: `proposals ${slug}` },
    mutationFn: ({ proposal, verdict, body }: { proposal: Proposal; verdict: Verdict; body?: ProposalAcceptance }) =>
      api.post<unknown>(`proposals/${proposal.id}/${verdict === "accepted" ? "accept" : "reject"}/`, body ?? {}),
    onSuccess: (_, { proposal, verdict }) => {
      if (verdict === "accepted") refreshROIs(proposal.image);
    },
    onError: (error, { proposal }) => refused(proposal.id, error),
  });
  const takeBack = useMutation({
    scope: { id: `proposals ${slug}` },
    mutationFn: ({ id }: { id: string; verdict: Verdict }) => api.post<Proposal>(`proposals/${id}/undo/`, {}),
    onSuccess: ({ image }) => refreshROIs(image),
    onError: (error, { id, verdict }) => {
      dispatch({ type: "decide", id, verdict });
      toast({ text: errorText(error), tone: "error" });
    },
  });

  const current = currentOf(queue);
  function decide(verdict: Verdict, body?: ProposalAcceptance) {
    if (current === null) return;
    dispatch({ type: "decide", id: current.id, verdict });
    send.mutate({ proposal: current, verdict, ...(body === undefined ? {} : { body }) });
  }
  function undo() {
    const last = queue.decided.at(-1);
    if (last === undefined) return toast({ text: "Nothing was decided on this page yet." });
    dispatch({ type: "undo" });
    takeBack.mutate(last);
  }
  return {
    current,
    next: openAfter(queue),
    decided: queue.decided,
    left,
    hasMore: hasNextPage,
    isPending: pages.isPending,
    error: pages.error,
    retry: () => void pages.refetch(),
    reload: () => void pages.refetch(),
    step: (by: 1 | -1) => dispatch({ type: "step", by }),
    decide,
    undo,
  };
}

export type Proposals = ReturnType<typeof useProposals>;
