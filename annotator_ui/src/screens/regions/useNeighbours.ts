import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { ImageRow, Page } from "../../api/types";

export interface Neighbours {
  previous: string | null;
  next: string | null;
  /** Place in the study's list of images, from 1. */
  position: number;
}

/** The images before and after one in the study's list; `null` when the image is not in it. */
async function findNeighbours(slug: string, imageId: string): Promise<Neighbours | null> {
  let before: string | null = null;
  let seen = 0;
  let next: string | null = `studies/${slug}/images/?limit=200`;
  while (next !== null) {
    const page: Page<ImageRow> = await api.get<Page<ImageRow>>(next);
    const at = page.results.findIndex((row) => row.id === imageId);
    if (at >= 0) {
      let after = page.results[at + 1]?.id ?? null;
      if (after === null && page.next !== null)
        after = (await api.get<Page<ImageRow>>(page.next)).results[0]?.id ?? null;
      return { previous: page.results[at - 1]?.id ?? before, next: after, position: seen + at + 1 };
    }
    before = page.results.at(-1)?.id ?? null;
    seen += page.results.length;
    next = page.next;
  }
  return null;
}

export function useNeighbours(slug: string, imageId: string) {
  return useQuery({
    queryKey: ["study", slug, "image", imageId, "neighbours"],
    queryFn: () => findNeighbours(slug, imageId),
    staleTime: 60_000,
  });
}
