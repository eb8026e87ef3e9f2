import type { Release, Study } from "../../api/types";
import { Badge } from "../shared/Badge";
import { ButtonLink } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { CopyButton } from "./CopyButton";
import { ExportPanel } from "./ExportPanel";
import { JobProgress } from "./JobProgress";
import { MethodsLinks } from "./MethodsLinks";
import { OtherVotes } from "./OtherVotes";
import { Stat } from "./Stat";
import { isFinished, useJob } from "./useJob";
import { useRefreshStudy } from "./useStudy";
import { count, formatDateTime, formatNumber } from "./words";

const TONES = { freezing: "accent", ready: "ok", failed: "danger" } as const;

/** One release: what it holds, its hash, and its exports. */
export function ReleaseCard({
  study,
  release,
  newest,
  twin,
}: {
  study: Study;
  release: Release;
  newest: boolean;
  /** The number of an older release with the very same content, if there is one. */
  twin: number | undefined;
}) {
  const titleId = `release-${release.number}`;
  return (
    <article className="card stack" aria-labelledby={titleId}>
      <div className="row row-between">
        <div className="row">
          <h2 id={titleId}>Release {release.number}</h2>
          <Badge tone={TONES[release.state]}>{release.state}</Badge>
          {study.simulated ? <Badge tone="warn">simulated ratings</Badge> : null}
        </div>
        <span className="muted small">
          {formatDateTime(release.created_at)}
          {release.created_by ? ` by ${release.created_by}` : ""} · labels by {release.ruleset}
          {release.licence ? ` · ${release.licence}` : ""}
        </span>
      </div>
      {release.note ? <p className="prose">{release.note}</p> : null}
      {twin === undefined ? null : (
        <p className="note">The content is the same as that of release {twin}, to the last byte.</p>
      )}
      {release.state === "freezing" ? <Freezing study={study} release={release} /> : null}
      {release.state === "failed" ? <Failed release={release} /> : null}
      {release.state === "ready" && release.counts ? (
        <Ready study={study} release={release} counts={release.counts} newest={newest} />
      ) : null}
    </article>
  );
}

function Freezing({ study, release }: { study: Study; release: Release }) {
  const refresh = useRefreshStudy(study.slug);
  const { job, error } = useJob(release.job, refresh);
  if (error) return <ErrorNote error={error} />;
  return job && !isFinished(job) ? <JobProgress job={job} label="Freezing" /> : <p className="muted">Freezing…</p>;
}

function Failed({ release }: { release: Release }) {
  return (
    <p className="note note-error">
      {release.failure || "The release could not be made."} Nothing was lost: freeze again once the cause is mended.
    </p>
  );
}

function Ready({
  study,
  release,
  counts,
  newest,
}: {
  study: Study;
  release: Release;
  counts: NonNullable<Release["counts"]>;
  newest: boolean;
}) {
  return (
    <>
      <dl className="stats">
        <Stat
          term="ROIs"
          value={formatNumber(counts.rois)}
          note={
            counts.incomplete_rois === 0
              ? "none left out"
              : `${count(counts.incomplete_rois, "incomplete one")} left out`
          }
        />
        <Stat term="Images" value={formatNumber(counts.images)} />
        <Stat term="Ratings" value={formatNumber(counts.ratings)} />
        <Stat
          term="Annotators"
          value={formatNumber(counts.annotators)}
          {...(counts.excluded_annotators ? { note: `${counts.excluded_annotators} excluded` } : {})}
        />
        <Stat
          term="Hash of the content"
          value={
            <span className="row hash">
              <code title={release.hash}>{release.hash.slice(0, 12)}</code>
              <CopyButton text={release.hash} label={`Copy the hash of release ${release.number}`} />
            </span>
          }
        />
      </dl>
      <OtherVotes counts={counts} />
      <MethodsLinks release={release} />
      <div className="row">
        <ButtonLink to={`/studies/${study.slug}/training/new?release=${release.id}`} small>
          Train a model on it<span className="visually-hidden">: release {release.number}</span>
        </ButtonLink>
      </div>
      <ExportPanel release={release} open={newest} />
    </>
  );
}
