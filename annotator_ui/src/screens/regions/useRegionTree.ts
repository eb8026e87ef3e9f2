import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { ImageRow, Job } from "../../api/types";
import { type ImageRegions, openRegions } from "../../canvas/regionMasks";
import { isFinished, useJob } from "../admin/useJob";

/** How far Smart select is on this image. */
export type RegionTreeState =
  | { readonly phase: "loading" }
  /** The server computes the regions; `fraction` in 0..1, or `null` while it is not known. */
  | { readonly phase: "preparing"; readonly fraction: number | null }
  | { readonly phase: "ready"; readonly regions: ImageRegions }
  | { readonly phase: "failed"; readonly reason: string; readonly retry: () => void };

const pathOf = (imageId: string) => `images/${imageId}/region-tree/`;
/** The job that computes the regions; `null` when they are there already. */
const start = (imageId: string) => api.post<Job | null>(pathOf(imageId));

function isNotReady(error: unknown): boolean {
  return error instanceof ApiError && error.code === "region_tree_not_ready";
}

/** Has the next image's regions in the browser's own cache, or at least under way on the server. */
async function prefetch(imageId: string): Promise<void> {
  try {
    await api.bytes(pathOf(imageId));
  } catch (error) {
    if (isNotReady(error)) await start(imageId);
  }
}

/** The regions of the image: asked for, computed by the server where they are missing, and then loaded by itself. */
export function useRegionTree(image: ImageRow, nextImage: string | null): RegionTreeState {
  const { id, width, height } = image;
  // Kept only while the page shows it: the browser's cache has the bytes, and a tree is as large as its image.
  const tree = useQuery({
    queryKey: ["image", id, "region-tree"],
    queryFn: async ({ signal }) => openRegions({ id, width, height }, await api.bytes(pathOf(id), { signal })),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const missing = isNotReady(tree.error);
  const {
    mutate,
    reset,
    data: started,
    error: notStarted,
  } = useMutation({
    mutationFn: start,
    onSuccess: (job) => {
      if (job === null) void tree.refetch();
    },
  });
  useEffect(() => {
    if (missing) mutate(id);
  }, [missing, mutate, id]);
  const { job, error: lost } = useJob(missing ? (started?.id ?? null) : null, ({ state }) => {
    if (state === "succeeded") void tree.refetch();
  });

  const ready = tree.data !== undefined;
  useEffect(() => {
    if (ready && nextImage !== null) prefetch(nextImage).catch(() => undefined);
  }, [ready, nextImage]);

  const retry = () => {
    reset();
    if (missing) mutate(id);
    else void tree.refetch();
  };
  if (tree.data !== undefined) return { phase: "ready", regions: tree.data };
  if (tree.isPending || (tree.isFetching && !missing)) return { phase: "loading" };
  const error = missing ? (notStarted ?? lost) : tree.error;
  if (error !== null && error !== undefined) {
    return { phase: "failed", reason: error instanceof Error ? error.message : String(error), retry };
  }
  if (job !== undefined && isFinished(job) && job.state !== "succeeded") {
    return { phase: "failed", reason: job.message || "The regions could not be prepared.", retry };
  }
  return { phase: "preparing", fraction: job?.total ? job.done / job.total : null };
}
