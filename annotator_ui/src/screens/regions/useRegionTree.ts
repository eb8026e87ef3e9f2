import { useMemo } from "react";
import type { ImageRow } from "../../api/types";
import { type ImageRegions, openRegions } from "../../canvas/regionMasks";
import { type Prepared, type Recipe, usePrepared } from "./usePrepared";

/** The regions of the image, for Smart select without a segmentation model. */
export function useRegionTree({ id, width, height }: ImageRow, nextImage: string | null): Prepared<ImageRegions> {
  const recipe = useMemo(
    (): Recipe<ImageRegions> => ({
      queryKey: ["image", id, "region-tree"],
      path: (image) => `images/${image}/region-tree/`,
      notReady: "region_tree_not_ready",
      open: (bytes) => openRegions({ id, width, height }, bytes),
    }),
    [id, width, height],
  );
  return usePrepared(recipe, id, nextImage);
}
