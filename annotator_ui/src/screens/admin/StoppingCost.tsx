import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { StoppingAnswer, Study } from "../../api/types";
import { ErrorNote } from "../shared/ErrorNote";
import { share } from "./figures";
import { useQueryParams } from "./useQueryParams";
import { studyKey } from "./useStudy";
import { count } from "./words";

/** What a stopping rule will cost, told before it is set: played through on the labels there are. */
export function StoppingCost({
  study,
  fewest,
  most,
  halfWidth,
  nearTies,
}: {
  study: Study;
  fewest: number;
  most: string;
  halfWidth: string;
  nearTies: boolean;
}) {
  const query = useQueryParams({
    fewest: String(fewest),
    most,
    half_width: halfWidth,
    near_ties: nearTies ? "2" : "",
  });
  const answer = useQuery({
    queryKey: studyKey(study.slug, "stopping-forecast", query),
    queryFn: () => api.get<StoppingAnswer>(`studies/${study.slug}/stopping-forecast/?${query}`),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  if (answer.error) return <ErrorNote error={answer.error} />;
  const forecast = answer.data?.forecast;
  return (
    <p className="note" role="status">
      {forecast ? (
        <>
          <strong>What it will cost: {count(forecast.further_votes, "further rating")}</strong> in the whole study,{" "}
          {forecast.mean_votes.toFixed(1)} votes per ROI on average. {share(forecast.extended_share)} of the ROIs get
          more than {fewest}, {share(forecast.at_most_share)} end with the most, settled or not.
        </>
      ) : (
        (answer.data?.note ?? "Working out what it will cost …")
      )}
    </p>
  );
}
