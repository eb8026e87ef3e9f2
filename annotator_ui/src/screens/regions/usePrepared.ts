import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { api } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { Job } from "../../api/types";
import { isFinished, useJob } from "../admin/useJob";

/** How far something is that the server computes for an image. */
export type Prepared<Value> =
  | { readonly phase: "loading" }
  /** The server computes it; `fraction` in 0..1, or `null` while it is not known. */
  | { readonly phase: "preparing"; readonly fraction: number | null }
  | { readonly phase: "ready"; readonly value: Value }
  | { readonly phase: "failed"; readonly reason: string; readonly retry: () => void };

export interface Recipe<Value> {
  /** What the page knows it by. */
  readonly queryKey: readonly unknown[];
  /** Where its bytes are asked for, and for which POST starts the job that computes them. */
  readonly path: (imageId: string) => string;
  /** Sent with the POST. */
  readonly body?: Readonly<Record<string, string>>;
  /** The error that means that it was not computed yet. */
  readonly notReady: string;
  readonly open: (bytes: ArrayBuffer) => Value | Promise<Value>;
}

const start = ({ path, body }: Pick<Recipe<unknown>, "path" | "body">, imageId: string) =>
  api.post<Job | null>(path(imageId), body);

/** Has the bytes of another image in the browser's own cache, or at least under way on the server. */
async function prefetch(recipe: Recipe<unknown>, imageId: string): Promise<void> {
  try {
    await api.bytes(recipe.path(imageId));
  } catch (error) {
    if (error instanceof ApiError && error.code === recipe.notReady) await start(recipe, imageId);
  }
}

/**
 * What the server computes for an image: asked for, started where it is missing, and then loaded by itself. `null` as a
 * recipe asks for nothing. The next images' follow once this one is there.
 */
export function usePrepared<Value>(
  recipe: Recipe<Value> | null,
  imageId: string,
  nextImage: string | null,
): Prepared<Value> {
  // Kept only while the page shows it: the browser's cache has the bytes, and some are as large as the image.
  const query = useQuery({
    queryKey: recipe?.queryKey ?? ["nothing"],
    queryFn: async ({ signal }) => recipe?.open(await api.bytes(recipe.path(imageId), { signal })),
    enabled: recipe !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
  const missing = recipe !== null && query.error instanceof ApiError && query.error.code === recipe.notReady;
  const {
    mutate,
    reset,
    data: started,
    error: notStarted,
  } = useMutation({
    mutationFn: (of: Recipe<Value>) => start(of, imageId),
    onSuccess: (job) => {
      if (job === null) void query.refetch();
    },
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a recipe is made anew for each render and means the same for one image.
  useEffect(() => {
    if (missing && recipe !== null) mutate(recipe);
  }, [missing, mutate, imageId]);
  const { job, error: lost } = useJob(missing ? (started?.id ?? null) : null, ({ state }) => {
    if (state === "succeeded") void query.refetch();
  });

  const ready = query.data !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: as above.
  useEffect(() => {
    if (ready && recipe !== null && nextImage !== null) prefetch(recipe, nextImage).catch(() => undefined);
  }, [ready, nextImage]);

  const retry = () => {
    reset();
    if (missing && recipe !== null) mutate(recipe);
    else void query.refetch();
  };
  if (query.data !== undefined) return { phase: "ready", value: query.data };
  if (query.isPending || (query.isFetching && !missing)) return { phase: "loading" };
  const error = missing ? (notStarted ?? lost) : query.error;
  if (error !== null && error !== undefined) {
    return { phase: "failed", reason: error instanceof Error ? error.message : String(error), retry };
  }
  if (job !== undefined && isFinished(job) && job.state !== "succeeded") {
    return { phase: "failed", reason: job.message || "It could not be prepared.", retry };
  }
  return { phase: "preparing", fraction: job?.total ? job.done / job.total : null };
}
