import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api } from "../../api/client";
import type { Estimate, NewRun } from "./types";

/** What a run would cost, asked anew once nobody has changed the form for a moment. */
export function useEstimate(body: NewRun, enabled: boolean, waitMs = 400) {
  // The note costs nothing.
  const asked = JSON.stringify({ ...body, note: "" });
  const [settled, setSettled] = useState(asked);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(asked), waitMs);
    return () => clearTimeout(timer);
  }, [asked, waitMs]);
  const query = useQuery({
    queryKey: ["run-estimate", settled],
    queryFn: ({ signal }) => api.post<Estimate>("training-runs/estimate/", JSON.parse(settled), { signal }),
    enabled,
    staleTime: 60_000,
    placeholderData: keepPreviousData,
  });
  return {
    data: query.data,
    error: asked === settled && enabled ? query.error : null,
    /** The numbers on the page are of an older form. */
    isStale: asked !== settled || query.isFetching,
  };
}
