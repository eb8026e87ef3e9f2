import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import { ApiError } from "../../api/errors";
import type { Me } from "../../api/types";

export const ME_KEY = ["me"] as const;

/** Who is signed in: `null` for nobody. Asking also sets the CSRF cookie. */
export async function fetchMe(): Promise<Me | null> {
  try {
    return await api.get<Me>("auth/me/", { quietWhenSignedOut: true });
  } catch (error) {
    if (error instanceof ApiError && error.isSignedOut) return null;
    throw error;
  }
}

export function useMe() {
  return useQuery({ queryKey: ME_KEY, queryFn: fetchMe, staleTime: 60_000 });
}
