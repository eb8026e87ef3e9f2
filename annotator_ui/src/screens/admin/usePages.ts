import { type QueryKey, useInfiniteQuery } from "@tanstack/react-query";
import { api, apiUrl, type Query } from "../../api/client";
import type { Page } from "../../api/types";

/** A list that grows by a page whenever more is asked for; pages follow the server's own `next` addresses. */
export function usePages<Row>(queryKey: QueryKey, path: string, query: Query) {
  const pages = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam }) => api.get<Page<Row>>(pageParam),
    initialPageParam: apiUrl(path, query),
    getNextPageParam: (last: Page<Row>) => (last.next === null ? undefined : apiUrl(last.next)),
  });
  return { ...pages, rows: pages.data?.pages.flatMap(({ results }) => results) };
}
