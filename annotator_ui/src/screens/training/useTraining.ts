import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Page } from "../../api/types";
import { studyKey } from "../admin/useStudy";
import type { ModelVersion, RunOptions } from "./types";

/** What a new run can be made of. */
export function useRunOptions(slug: string) {
  return useQuery({
    queryKey: studyKey(slug, "run-options"),
    queryFn: () => api.get<RunOptions>(`training-runs/options/?study=${slug}`),
    // Workers come and go.
    refetchInterval: 15_000,
  });
}

/** Every model version of the study, newest first. */
export function useModels(slug: string) {
  return useQuery({
    queryKey: studyKey(slug, "models"),
    queryFn: async () => {
      const models = await api.all<ModelVersion>(`model-versions/?study=${slug}`);
      return models.sort((one, other) => other.number - one.number);
    },
  });
}

export type { Page };
