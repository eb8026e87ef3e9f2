import "./forms.css";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { api } from "../../api/client";
import type { PlanAnswer, StoppingAnswer, Study } from "../../api/types";
import { ErrorNote, fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { digits, share } from "./figures";
import { useQueryParams } from "./useQueryParams";
import { studyKey } from "./useStudy";
import { VoteCurves } from "./VoteCurves";
import { count } from "./words";

/** What more votes would cost and bring, played through on the labels that the study has so far. */
export function PlannerSection({ study }: { study: Study }) {
  return (
    <div className="overview-grid">
      <StoppingForecast study={study} />
      <StudyPlanner study={study} />
    </div>
  );
}

function usePlan<Answer>(study: Study, page: string, query: string) {
  return useQuery({
    queryKey: studyKey(study.slug, page, query),
    queryFn: () => api.get<Answer>(`studies/${study.slug}/${page}/?${query}`),
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
}

function StoppingForecast({ study }: { study: Study }) {
  const [halfWidth, setHalfWidth] = useState("0.6");
  const [nearTies, setNearTies] = useState("2");
  const [most, setMost] = useState(String(Math.max(15, study.raters_per_roi)));
  const query = useQueryParams({ fewest: `${study.raters_per_roi}`, most, half_width: halfWidth, near_ties: nearTies });
  const answer = usePlan<StoppingAnswer>(study, "stopping-forecast", query);
  const forecast = answer.data?.forecast;
  return (
    <section className="card stack" aria-labelledby="stopping">
      <h2 id="stopping">What would more votes on hard ROIs cost?</h2>
      <p className="muted small">
        Every ROI gets {count(study.raters_per_roi, "vote")}, then two more at a time while its quality is uncertain or
        distortions are near a tie. ROIs of the test part never get more. Nothing is changed here: this only tells the
        cost.
      </p>
      <NumberField
        label="Ask on while quality is less sure than ±"
        hint="Levels, half of the 95 % interval; empty: never for this reason."
        value={halfWidth}
        step={0.05}
        errors={fieldErrors(answer.error, "half_width")}
        onChange={setHalfWidth}
      />
      <NumberField
        label="… or so many distortions are near a tie"
        hint="1 to 6; empty: never for this reason."
        value={nearTies}
        errors={fieldErrors(answer.error, "near_ties")}
        onChange={setNearTies}
      />
      <NumberField label="At most" value={most} errors={fieldErrors(answer.error, "most")} onChange={setMost} />
      <Outcome error={answer.error} note={answer.data?.note}>
        {forecast ? (
          <p>
            <strong>{forecast.mean_votes.toFixed(1)} votes per ROI</strong> on average:{" "}
            {count(forecast.further_votes, "further rating")} in the whole study. {share(forecast.extended_share)} of
            the ROIs get more, {share(forecast.at_most_share)} end with the most, settled or not.
          </p>
        ) : null}
      </Outcome>
    </section>
  );
}

function StudyPlanner({ study }: { study: Study }) {
  const [rois, setROIs] = useState("3261");
  const [halfWidth, setHalfWidth] = useState("0.6");
  const [accuracy, setAccuracy] = useState("");
  const [each, setEach] = useState("");
  const [alpha, setAlpha] = useState("");
  const query = useQueryParams({
    rois,
    alpha_half_width: alpha,
    half_width: halfWidth,
    level_accuracy: accuracy,
    ratings_per_annotator: each,
  });
  const answer = usePlan<PlanAnswer>(study, "plan", query);
  const plan = answer.data?.plan;
  return (
    <section className="card stack" aria-labelledby="planner">
      <h2 id="planner">How large must a study be?</h2>
      <p className="muted small">
        With this study's ratings as the pilot: how many votes and people a study of ROIs like these needs, so that
        nobody makes more than 40 % of its labels.
      </p>
      <NumberField
        label="ROIs"
        hint="Empty: as many as the agreement below asks for."
        value={rois}
        errors={fieldErrors(answer.error, "rois")}
        onChange={setROIs}
      />
      <NumberField
        label="Agreement (alpha of quality) as sure as ±"
        hint="Half of the 95 % interval over images: how many ROIs narrow it so far. May be left empty."
        value={alpha}
        step={0.01}
        errors={fieldErrors(answer.error, "alpha_half_width")}
        onChange={setAlpha}
      />
      <NumberField
        label="A label as sure as ±"
        hint="Levels, half of the 95 % interval."
        value={halfWidth}
        step={0.05}
        errors={fieldErrors(answer.error, "half_width")}
        onChange={setHalfWidth}
      />
      <NumberField
        label="Share of right words"
        hint="0.05 to 0.99: how often the word is what endless votes would say. May be left empty."
        value={accuracy}
        step={0.01}
        errors={fieldErrors(answer.error, "level_accuracy")}
        onChange={setAccuracy}
      />
      <NumberField
        label="Ratings one person can be asked for"
        hint="May be left empty."
        value={each}
        errors={fieldErrors(answer.error, "ratings_per_annotator")}
        onChange={setEach}
      />
      <Outcome error={answer.error} note={answer.data?.note}>
        {plan ? (
          <div className="stack">
            <p>
              <strong>
                {count(plan.votes_per_roi, "vote")} on each of {count(plan.rois, "ROI")} by{" "}
                {count(plan.annotators, "annotator")}
              </strong>
              : {count(plan.ratings, "rating")} in all, about {count(plan.ratings_per_annotator, "rating")} each.
              Reliability of the labels: {digits(plan.reliability)}.
              {plan.for_alpha === null
                ? ""
                : ` Agreement that sure takes ${count(plan.for_alpha.rois, "ROI")} on ${count(plan.for_alpha.images, "image")}.`}
            </p>
            <VoteCurves curve={plan.curve} chosen={plan.votes_per_roi} />
          </div>
        ) : null}
      </Outcome>
    </section>
  );
}

function Outcome({ error, note, children }: { error: Error | null; note: string | undefined; children: ReactNode }) {
  if (error) return <ErrorNote error={error} />;
  return <div role="status">{note ? <p className="muted">{note}</p> : children}</div>;
}

function NumberField({
  label,
  hint,
  value,
  step = 1,
  errors,
  onChange,
}: {
  label: string;
  hint?: string;
  value: string;
  step?: number;
  errors: readonly string[];
  onChange: (value: string) => void;
}) {
  return (
    <Field label={label} hint={hint} errors={errors}>
      {(control) => (
        <input
          {...control}
          className="input"
          type="number"
          min={0}
          step={step}
          value={value}
          onChange={(event) => onChange(event.target.value)}
        />
      )}
    </Field>
  );
}
