import "./home.css";
import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Me, Study, StudyState } from "../../api/types";
import { Badge } from "../shared/Badge";
import { ButtonLink } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { useMe } from "../shared/useMe";
import { useTitle } from "../shared/useTitle";
import { WaitingAnswers } from "./WaitingAnswers";

const STATE_TONE: Readonly<Record<StudyState, "ok" | "warn" | "neutral">> = {
  open: "ok",
  paused: "warn",
  closed: "neutral",
};

const many = (count: number, one: string) => `${count.toLocaleString("en-US")} ${count === 1 ? one : `${one}s`}`;

function StudyCard({ study }: { study: Study }) {
  const { slug, title, description, state, simulated, my_roles: roles, counts } = study;
  const rates = roles.includes("annotator");
  const leads = roles.includes("admin") || roles.includes("ml_engineer");
  const rateable = rates && state === "open";
  return (
    <li className="card study-card">
      <div className="study-card-head">
        <h2>{title}</h2>
        <span className="row">
          {simulated ? (
            <Badge tone="warn" title="Part of its ratings were made by a program, for show.">
              simulated ratings
            </Badge>
          ) : null}
          <Badge tone={STATE_TONE[state]}>{state}</Badge>
        </span>
      </div>
      {description === "" ? null : <p className="study-card-text">{description}</p>}
      <p className="muted small numeric">
        {many(counts.images, "image")} · {many(counts.rois, "ROI")}
      </p>
      <div className="row">
        {rates ? (
          <ButtonLink
            to={`/studies/${slug}/rate`}
            variant={rateable ? "primary" : "secondary"}
            aria-label={`Rate ${title}`}
          >
            Rate
          </ButtonLink>
        ) : null}
        <ButtonLink
          to={`/studies/${slug}`}
          variant={rates ? "secondary" : "primary"}
          aria-label={`${leads ? "Manage" : "About"} ${title}`}
        >
          {leads ? "Manage" : "About"}
        </ButtonLink>
      </div>
    </li>
  );
}

function NoStudies({ me }: { me: Me }) {
  return me.can_create_studies ? (
    <EmptyState
      title="No studies yet"
      text="A study holds images, the ROIs drawn on them and the people who rate them. Make one, then bring your photographs in."
    >
      <ButtonLink to="/studies/new" variant="primary">
        Make the first study
      </ButtonLink>
    </EmptyState>
  ) : (
    <EmptyState
      title="You are in no study yet"
      text="Ask the admin of a study for an invite link and open it in this browser."
    />
  );
}

/** All studies of the person who is signed in, with what they may do in each. */
export function StudiesScreen() {
  useTitle("Studies");
  const me = useMe();
  const studies = useQuery({ queryKey: ["studies"], queryFn: () => api.all<Study>("studies/") });
  if (!me.data) return null;
  return (
    <div className="page stack">
      <div className="row row-between">
        <h1 className="flush">Studies</h1>
        {me.data.can_create_studies && studies.data?.length !== 0 ? (
          <ButtonLink to="/studies/new">New study</ButtonLink>
        ) : null}
      </div>
      <WaitingAnswers user={me.data.id} />
      {studies.error ? <ErrorNote error={studies.error} onRetry={() => void studies.refetch()} /> : null}
      {studies.isPending ? (
        <div className="grid" aria-busy="true">
          <p className="visually-hidden" role="status">
            Loading the studies
          </p>
          {["first", "second", "third"].map((name) => (
            <div key={name} className="card study-card-empty" />
          ))}
        </div>
      ) : null}
      {studies.data?.length === 0 ? <NoStudies me={me.data} /> : null}
      {studies.data && studies.data.length > 0 ? (
        <ul className="grid study-list" aria-label="Studies">
          {studies.data.map((study) => (
            <StudyCard key={study.slug} study={study} />
          ))}
        </ul>
      ) : null}
    </div>
  );
}
