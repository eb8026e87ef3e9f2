import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { Release, Study } from "../../api/types";
import { Choice } from "../admin/Choice";
import { LoadMore } from "../admin/LoadMore";
import { usePages } from "../admin/usePages";
import { studyKey } from "../admin/useStudy";
import { formatDateTime, percent, timeAgo } from "../admin/words";
import { ButtonLink } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { short } from "./curves";
import { RunBadge } from "./RunBadge";
import { TrainingPage } from "./TrainingPage";
import type { RunState, TrainingRun } from "./types";
import { useQueryChoice } from "./useQueryChoice";
import { isAlive, lasted, RUN_STATES, roughTime } from "./words";

const EVERY_MS = 5000;
const CHOICES: readonly { value: RunState | ""; name: string }[] = [
  { value: "", name: "all runs" },
  ...(["queued", "running", "succeeded", "failed", "cancelled"] as const).map((state) => ({
    value: state,
    name: RUN_STATES[state].word,
  })),
];

/** The training runs of a study. */
export function RunsScreen() {
  return <TrainingPage>{(study) => <Runs study={study} />}</TrainingPage>;
}

function Runs({ study }: { study: Study }) {
  const [state, setState] = useQueryChoice("state", CHOICES);
  const runs = usePages<TrainingRun>(studyKey(study.slug, "runs", state), "training-runs/", {
    study: study.slug,
    state,
    limit: 50,
  });
  const { refetch } = runs;
  // The list moves by itself while something in it does.
  useQuery({
    queryKey: studyKey(study.slug, "runs-watch", state),
    queryFn: async () => (await refetch()).dataUpdatedAt,
    refetchInterval: EVERY_MS,
    enabled: runs.rows?.some(isAlive) ?? false,
  });
  if (runs.rows === undefined) {
    return runs.error ? (
      <ErrorNote error={runs.error} onRetry={() => void runs.refetch()} />
    ) : (
      <Progress label="Reading the runs" />
    );
  }
  if (runs.rows.length === 0 && state === "") return <NoRuns study={study} />;
  return (
    <>
      <div className="row row-between">
        <p className="muted">
          A run trains the network on one release or one synthetic set. What it ends with is a model version, which you
          compare and promote under <Link to={`/studies/${study.slug}/models`}>Models</Link>.
        </p>
        <div className="row">
          <Choice label="Show" value={state} options={CHOICES} onChange={setState} />
          <ButtonLink to={`/studies/${study.slug}/training/new`} variant="primary">
            New run
          </ButtonLink>
        </div>
      </div>
      <div className="card titled">
        <Table
          caption="Training runs"
          rows={runs.rows}
          rowKey={({ id }) => id}
          empty={<p className="muted">No run is {state === "" ? "there" : RUN_STATES[state].word}.</p>}
          columns={[
            {
              header: "Run",
              cell: (run) => (
                <Link to={`/studies/${study.slug}/training/runs/${run.id}`}>
                  Run {run.number} <span className="visually-hidden">of {study.title}</span>
                </Link>
              ),
            },
            { header: "State", cell: (run) => <RunBadge run={run} /> },
            { header: "What", cell: (run) => <What run={run} /> },
            { header: "Progress", numeric: true, cell: progressText },
            { header: "Quality SRCC", numeric: true, cell: (run) => metricText(run, "quality_srocc") },
            { header: "Took", numeric: true, cell: (run) => lasted(run.started_at, run.finished_at) ?? "–" },
            {
              header: "Made",
              cell: ({ created_at: at, created_by: by, automatic }) => (
                <span title={formatDateTime(at)} className="no-break">
                  {timeAgo(at)}
                  <span className="muted"> by {automatic ? "the rule" : by || "someone who left"}</span>
                </span>
              ),
            },
          ]}
        />
      </div>
      {runs.error ? <ErrorNote error={runs.error} onRetry={() => void runs.refetch()} /> : null}
      {runs.hasNextPage ? <LoadMore busy={runs.isFetchingNextPage} onMore={() => void runs.fetchNextPage()} /> : null}
    </>
  );
}

function What({ run }: { run: TrainingRun }) {
  return (
    <>
      {run.preset} · {run.stage}
      {run.note ? <div className="muted small run-note">{run.note}</div> : null}
    </>
  );
}

function progressText(run: TrainingRun): string {
  if (run.steps === 0) return "–";
  const done = `${percent(run.step, run.steps)} %`;
  return run.state === "running" && run.seconds_left !== null ? `${done}, ${roughTime(run.seconds_left)} left` : done;
}

function metricText(run: TrainingRun, name: string): string {
  const value = run.metrics[name];
  return typeof value === "number" ? short(value) : "–";
}

/** What has to be there before a first run, with the way to it. */
function NoRuns({ study }: { study: Study }) {
  const base = `/studies/${study.slug}`;
  const releases = useQuery({
    queryKey: studyKey(study.slug, "releases"),
    queryFn: () => api.all<Release>(`studies/${study.slug}/releases/`),
  });
  const ready = releases.data?.some(({ state }) => state === "ready") ?? true;
  if (ready) {
    return (
      <EmptyState
        title="No runs yet"
        text="Train the network on a release of this study, or on a built synthetic set first. Time and memory are estimated before anything starts."
      >
        <ButtonLink to={`${base}/training/new`} variant="primary">
          Start the first run
        </ButtonLink>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="Freeze a release first"
      text="A run learns from a release, a frozen copy of the study's labels, so that every model can be traced to the exact labels behind it. This study has none yet."
    >
      <div className="row">
        <ButtonLink to={`${base}/releases`} variant="primary">
          Freeze a release
        </ButtonLink>
        <ButtonLink to={`${base}/training/new`}>Train on a synthetic set</ButtonLink>
      </div>
    </EmptyState>
  );
}
