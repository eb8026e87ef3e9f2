import "./qualify.css";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { useParams } from "react-router";
import { api } from "../../api/client";
import type { QualificationStep, Study } from "../../api/types";
import { Button, ButtonLink } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { useTitle } from "../shared/useTitle";
import { ConsentStep } from "./ConsentStep";
import { QuizStep } from "./QuizStep";
import { TrainingStep } from "./TrainingStep";
import { isDone, type OwnStanding, standingKey, useStanding } from "./useStanding";
import { ViewingStep } from "./ViewingStep";

const NAMES: Readonly<Record<QualificationStep, string>> = {
  consent: "Consent",
  viewing_check: "Your screen",
  training: "Training",
  quiz: "Quiz",
};

/** The way to the first rating: one step after another, each once. */
export function QualifyScreen() {
  const { slug = "" } = useParams();
  const study = useQuery({ queryKey: ["study", slug], queryFn: () => api.get<Study>(`studies/${slug}/`) });
  const { own, error, refetch } = useStanding(slug);
  useTitle(study.data ? `Before rating: ${study.data.title}` : "Before rating");
  if (own === null) {
    return (
      <div className="qualify">
        <div className="qualify-card">
          {error ? <ErrorNote error={error} onRetry={() => void refetch()} /> : <Progress label="Opening the steps" />}
        </div>
      </div>
    );
  }
  return (
    <div className="qualify">
      <Stepper title={study.data?.title ?? ""} own={own} />
      <Step slug={slug} own={own} />
    </div>
  );
}

function Stepper({ title, own }: { title: string; own: OwnStanding }) {
  const { standing, check, next } = own;
  return (
    <header className="qualify-head">
      <h1>{title}</h1>
      <ol className="qualify-steps" aria-label="Steps before rating">
        {standing.steps.map(({ name }) => {
          const done = isDone(standing, check, name);
          return (
            <li key={name} data-done={done || undefined} aria-current={name === next ? "step" : undefined}>
              {NAMES[name]}
              {done ? <span className="visually-hidden"> (done)</span> : null}
            </li>
          );
        })}
        <li aria-current={next === null ? "step" : undefined}>Rating</li>
      </ol>
    </header>
  );
}

function Step({ slug, own }: { slug: string; own: OwnStanding }) {
  const queries = useQueryClient();
  const onDone = useCallback(() => queries.invalidateQueries({ queryKey: standingKey(slug) }), [queries, slug]);
  const { standing, next } = own;
  if (next === "consent" && standing.consent !== null) {
    return <ConsentStep slug={slug} consent={standing.consent} onDone={onDone} />;
  }
  if (next === "viewing_check") return <ViewingStep slug={slug} standing={standing} onDone={onDone} />;
  if (next === "training") return <TrainingStep slug={slug} onDone={onDone} />;
  if (next === "quiz") return <QuizStep slug={slug} onDone={onDone} />;
  return <AllDone slug={slug} own={own} onChanged={onDone} />;
}

function AllDone({ slug, own, onChanged }: { slug: string; own: OwnStanding; onChanged: () => void }) {
  const asksConsent = own.standing.steps.some(({ name }) => name === "consent");
  async function withdraw() {
    await api.delete(`studies/${slug}/qualification/consent/`);
    onChanged();
  }
  return (
    <section className="qualify-card">
      <h2>{own.standing.steps.length === 0 ? "Nothing is asked before rating" : "You are ready"}</h2>
      <p>Rate what you see in the outlined region. You can pause at any time; everything is kept.</p>
      <div className="row">
        <ButtonLink to={`/studies/${slug}/rate`} variant="primary">
          Start rating
        </ButtonLink>
        <ButtonLink to={`/studies/${slug}`}>About the study</ButtonLink>
        {asksConsent ? (
          <Button variant="quiet" onClick={() => void withdraw()}>
            Take my consent back
          </Button>
        ) : null}
      </div>
    </section>
  );
}
