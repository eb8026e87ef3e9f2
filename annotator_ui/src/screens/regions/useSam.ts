import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useSyncExternalStore } from "react";
import { api } from "../../api/client";
import type { ImageRow, SegmentationModel, Study } from "../../api/types";
import type { HomeStatus } from "../../sam/chooser";
import { chooserFor, openSession } from "../../sam/open";
import type { SamSession } from "../../sam/session";
import { type Prepared, type Recipe, usePrepared } from "./usePrepared";

/** A study that names no model uses the region tree only. */
export const REGION_TREE = "region-tree";

export interface Sam {
  /** Title of the study's segmentation model; `null` when it has none. */
  readonly title: string | null;
  /** How far the model is on this image. */
  readonly state: Prepared<SamSession>;
  /** Where masks are decoded; `null` until the model is known. */
  readonly home: HomeStatus | null;
}

export function useSegmentationModels() {
  return useQuery({
    queryKey: ["segmentation-models"],
    queryFn: () => api.get<SegmentationModel[]>("segmentation-models/"),
    staleTime: 60_000,
  });
}

const nothing = () => () => undefined;
const noStatus = () => null;

/** The study's segmentation model on this image. */
export function useSam(study: Study, { id, width, height }: ImageRow, nextImage: string | null): Sam {
  const wanted = study.segmentation_model === REGION_TREE ? null : study.segmentation_model;
  const models = useSegmentationModels();
  const model = models.data?.find((other) => other.id === wanted) ?? null;
  const recipe = useMemo(
    (): Recipe<SamSession> | null =>
      model && {
        queryKey: ["image", id, "embedding", model.id, model.version],
        path: (image) => `images/${image}/embedding/?model=${encodeURIComponent(model.id)}`,
        body: { model: model.id },
        notReady: "embedding_not_ready",
        open: (bytes) => openSession(model, { id, width, height }, bytes),
      },
    [model, id, width, height],
  );
  const state = usePrepared(recipe, id, nextImage);
  const homes = model && chooserFor(model);
  const home = useSyncExternalStore<HomeStatus | null>(homes?.subscribe ?? nothing, homes?.status ?? noStatus);
  const session = state.phase === "ready" ? state.value : null;
  useEffect(() => {
    if (session !== null) void session.homes.prepare(session.image);
  }, [session]);
  if (wanted !== null && models.error !== null) {
    const { error } = models;
    return {
      title: wanted,
      home,
      state: { phase: "failed", reason: error.message, retry: () => void models.refetch() },
    };
  }
  if (wanted !== null && models.data !== undefined && model === null) {
    const reason = `The model ${wanted} is not in this installation. The study's admin can choose another one.`;
    return { title: wanted, home, state: { phase: "failed", reason, retry: () => void models.refetch() } };
  }
  return { title: wanted === null ? null : (model?.title ?? wanted), state, home };
}
