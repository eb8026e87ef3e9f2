import "./overview.css";
import { Link } from "react-router";
import type { Study, StudyProgress } from "../../api/types";
import { ButtonLink } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { AgreementSection } from "./AgreementSection";
import { AnnotatorsTable } from "./AnnotatorsTable";
import { gapsOf } from "./gaps";
import { HoursChart } from "./HoursChart";
import { Prose } from "./Prose";
import { SetupSteps } from "./SetupSteps";
import { SkipsSection } from "./SkipsSection";
import { StackedBar } from "./StackedBar";
import { Stat } from "./Stat";
import { hasRole, useProgress } from "./useStudy";
import { formatHours, formatNumber, percent } from "./words";

/** How far the study is, how fast it goes, what is missing, who does it and how well they agree. */
export function OverviewTab({ study }: { study: Study }) {
  const progress = useProgress(study.slug);
  if (progress.data === undefined) {
    return progress.isError ? (
      <ErrorNote error={progress.error} onRetry={() => void progress.refetch()} />
    ) : (
      <Progress label="Counting ratings" />
    );
  }
  if (progress.data.rois.total === 0) {
    return <SetupSteps study={study} annotators={progress.data.annotators.length} />;
  }
  return (
    <div className="stack">
      {study.description ? <Prose text={study.description} /> : null}
      <div className="overview-grid">
        <ProgressCard progress={progress.data} />
        <GapsCard study={study} progress={progress.data} />
      </div>
      <section className="card" aria-labelledby="pace">
        <h2 id="pace">Ratings per hour</h2>
        <HoursChart perHour={progress.data.per_hour} now={new Date(progress.dataUpdatedAt)} />
      </section>
      <AnnotatorsTable study={study} annotators={progress.data.annotators} />
      <div className="overview-grid">
        <AgreementSection study={study} />
        <SkipsSection skips={progress.data.skips} />
      </div>
    </div>
  );
}

function ProgressCard({ progress }: { progress: StudyProgress }) {
  const { rois, ratings } = progress;
  return (
    <section className="card stack" aria-labelledby="progress">
      <div className="row row-between">
        <h2 id="progress">Progress</h2>
        <span>
          <span className="big-number numeric">{percent(ratings.wanted - ratings.missing, ratings.wanted)} %</span>{" "}
          <span className="muted small">of the ratings</span>
        </span>
      </div>
      <StackedBar
        label="ROIs by state"
        parts={[
          { name: "complete", value: rois.complete, tone: "done", means: "ROIs with all the raters they need" },
          { name: "in progress", value: rois.in_progress, tone: "half", means: "ROIs that some people have rated" },
          { name: "untouched", value: rois.untouched, tone: "rest", means: "ROIs that nobody has rated yet" },
        ]}
      />
      <dl className="stats">
        <Stat term="ROIs" value={formatNumber(rois.total)} />
        <Stat
          term="Ratings that count"
          value={formatNumber(ratings.accepted)}
          note={`of ${formatNumber(ratings.wanted)} needed`}
        />
        <Stat
          term="Time left at this pace"
          value={estimateOf(progress)}
          {...(ratings.missing > 0 && progress.rating_hours_left !== null
            ? { note: "of rating, by the last 48 hours" }
            : {})}
        />
        <Stat
          term="Revised ratings"
          value={formatNumber(ratings.revised)}
          note={`and ${formatNumber(ratings.surplus)} late ones, kept but not counted`}
        />
      </dl>
    </section>
  );
}

function estimateOf({ rois, rating_hours_left: hours }: StudyProgress): string {
  if (rois.total > 0 && rois.complete === rois.total) return "done";
  return hours === null ? "unknown yet" : formatHours(hours);
}

function GapsCard({ study, progress }: { study: Study; progress: StudyProgress }) {
  const gaps = gapsOf(study, progress);
  const base = `/studies/${study.slug}`;
  return (
    <section className="card stack" aria-labelledby="missing">
      <h2 id="missing">What is missing</h2>
      {gaps.length === 0 ? (
        <p>
          Nothing: every ROI has all its raters. <Link to={`${base}/releases`}>Freeze a release</Link> to export the
          labels.
        </p>
      ) : (
        <ul className="plain-list gaps">
          {gaps.map((gap) => (
            <li key={gap.text}>
              <span>{gap.text}</span>
              {gap.adminOnly && !hasRole(study, "admin") ? null : (
                <ButtonLink small to={gap.to}>
                  {gap.action}
                </ButtonLink>
              )}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}
