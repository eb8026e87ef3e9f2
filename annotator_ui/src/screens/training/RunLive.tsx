import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useRef } from "react";
import type { Study } from "../../api/types";
import { studyKey } from "../admin/useStudy";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { CurveChart } from "./CurveChart";
import { curveGroups } from "./curves";
import { RunLog } from "./RunLog";
import { RunSamples } from "./RunSamples";
import type { TrainingRun } from "./types";
import { type LiveRun, useRunFeed } from "./useRunFeed";
import { isAlive, RUN_STATES, roughTime, waitsFor } from "./words";

/** The part of a run's page that moves: progress, curves, samples, log. */
export function RunLive({
  study,
  run: opened,
  children,
}: {
  study: Study;
  run: TrainingRun;
  children: (run: TrainingRun) => ReactNode;
}) {
  const live = useRunFeed(opened.id);
  const run = live.feed.run ?? opened;
  useRefreshAtEnd(run, opened);
  const groups = curveGroups(live.feed.points);
  return (
    <>
      {children(run)}
      <p className="visually-hidden" role="status">
        Run {run.number}: {RUN_STATES[run.state].word}
      </p>
      {isAlive(run) ? <RunProgress run={run} /> : null}
      <StreamNote live={live} alive={isAlive(run)} />
      {groups.length === 0 ? (
        isAlive(run) ? (
          <p className="muted">The curves begin with the first step.</p>
        ) : null
      ) : (
        <section className="card" aria-label="Curves">
          <div className="curves">
            {groups.map(({ key, ...group }) => (
              <CurveChart key={key} {...group} steps={run.steps} />
            ))}
          </div>
        </section>
      )}
      <RunSamples study={study} samples={live.feed.samples} />
      <RunLog log={live.feed.log} alive={isAlive(run)} />
    </>
  );
}

/** The lists and the model belong to a run that ended meanwhile. */
function useRefreshAtEnd(run: TrainingRun, opened: TrainingRun) {
  const queries = useQueryClient();
  const before = useRef(opened);
  useEffect(() => {
    const was = before.current;
    before.current = run;
    if (was.state === run.state && was.model_version === run.model_version) return;
    void queries.invalidateQueries({ queryKey: studyKey(run.study) });
  }, [queries, run]);
}

function RunProgress({ run }: { run: TrainingRun }) {
  const waits = waitsFor(run);
  if (waits !== null) {
    return (
      <div className={run.waits_for === "" ? "note" : "note note-warn"}>
        <p>{waits}</p>
      </div>
    );
  }
  const left = run.seconds_left === null ? "" : `, about ${roughTime(run.seconds_left)} left`;
  const label =
    run.state === "cancelling"
      ? "Stopping after this step"
      : run.steps > 0
        ? `Step ${run.step.toLocaleString("en-US")} of ${run.steps.toLocaleString("en-US")}${left}`
        : "Preparing the data";
  return (
    <div className="card stack">
      <Progress label={label} {...(run.steps > 0 ? { value: run.step, max: run.steps } : {})} />
      {run.message ? <p className="muted small">{run.message}</p> : null}
    </div>
  );
}

/** Says so when the page no longer hears of the run. The run itself does not mind. */
function StreamNote({ live, alive }: { live: LiveRun; alive: boolean }) {
  if (live.stream === "refused" && live.error !== null) return <ErrorNote error={live.error} />;
  if (!alive || live.stream !== "waiting") return null;
  return (
    <p className="note note-warn" role="status">
      The connection broke. The run goes on; this page connects again by itself and misses nothing.
    </p>
  );
}
