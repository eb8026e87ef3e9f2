import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { ImageRow, ROI, ROILevel, Segmentation, Study } from "../../api/types";
import { provenanceOf } from "../../model/provenance";
import type { Working } from "../../state/regions/editor";
import { editedPixels, maskOf } from "./workingMask";

export function useStudyAndImage(slug: string, imageId: string) {
  const study = useQuery({ queryKey: ["study", slug], queryFn: () => api.get<Study>(`studies/${slug}/`) });
  const image = useQuery({ queryKey: ["image", imageId], queryFn: () => api.get<ImageRow>(`images/${imageId}/`) });
  return { study, image };
}

const roisKey = (slug: string, imageId: string) => ["study", slug, "image", imageId, "rois"] as const;

/** ROIs of the image in this study, oldest first. */
export function useROIs(slug: string, imageId: string) {
  return useQuery({
    queryKey: roisKey(slug, imageId),
    queryFn: () => api.all<ROI>(`images/${imageId}/rois/`, { query: { study: slug } }),
  });
}

/** Writes of the page; each puts what the server answered into the list at once. */
export function useROIWrites(slug: string, image: ImageRow) {
  const queries = useQueryClient();
  const key = roisKey(slug, image.id);
  const put = (roi: ROI) =>
    queries.setQueryData<ROI[]>(key, (rois = []) =>
      rois.some(({ id }) => id === roi.id) ? rois.map((old) => (old.id === roi.id ? roi : old)) : [...rois, roi],
    );
  const create = (roi: { level: ROILevel; name: string; segmentation: Segmentation; provenance?: unknown }) =>
    api.post<ROI>(`images/${image.id}/rois/`, { study: slug, ...roi });

  const save = useMutation({
    mutationFn: async (working: Working) => {
      const { level, name, history, roiId } = working;
      const segmentation = await maskOf(working, [image.height, image.width]);
      if (roiId !== null) return api.patch<ROI>(`rois/${roiId}/`, { level, name, segmentation });
      const edited = await editedPixels(working, segmentation.size);
      return create({ level, name, segmentation, provenance: provenanceOf(history.done, edited) });
    },
    onSuccess: put,
  });
  const change = useMutation({
    mutationFn: ({ id, ...fields }: { id: string; name?: string; level?: ROILevel }) =>
      api.patch<ROI>(`rois/${id}/`, fields),
    onSuccess: put,
  });
  const remove = useMutation({
    mutationFn: (roi: ROI) => api.delete(`rois/${roi.id}/`),
    onSuccess: (_, { id }) => {
      queries.setQueryData<ROI[]>(key, (rois = []) => rois.filter((roi) => roi.id !== id));
    },
  });
  /** Makes a deleted ROI again, as a new one with the same mask. */
  const recreate = useMutation({
    mutationFn: ({ level, name, segmentation }: ROI) => create({ level, name, segmentation }),
    onSuccess: put,
  });
  return { save, change, remove, recreate };
}
