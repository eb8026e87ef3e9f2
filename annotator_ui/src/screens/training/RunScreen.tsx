import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { api } from "../../api/client";
import type { Study } from "../../api/types";
import { ConfirmDialog } from "../admin/ConfirmDialog";
import { studyKey, useRefreshStudy } from "../admin/useStudy";
import { formatDateTime } from "../admin/words";
import { Button, ButtonLink } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { RunBadge } from "./RunBadge";
import { RunFacts } from "./RunFacts";
import { RunLive } from "./RunLive";
import { TrainingPage } from "./TrainingPage";
import type { TrainingRun } from "./types";
import { useModels } from "./useTraining";
import { isAlive } from "./words";

/** One run: live while it goes on, its record afterwards. */
export function RunScreen() {
  const { runId = "" } = useParams();
  return <TrainingPage>{(study) => <OneRun key={runId} study={study} runId={runId} />}</TrainingPage>;
}

function OneRun({ study, runId }: { study: Study; runId: string }) {
  const query = useQuery({
    queryKey: studyKey(study.slug, "run", runId),
    queryFn: () => api.get<TrainingRun>(`training-runs/${runId}/`),
  });
  const [opened, setOpened] = useState(0);
  if (query.data === undefined) {
    return query.isError ? (
      <ErrorNote error={query.error} onRetry={() => void query.refetch()} />
    ) : (
      <Progress label="Opening the run" />
    );
  }
  return (
    <RunLive key={opened} study={study} run={query.data}>
      {(run) => (
        <RunHead
          study={study}
          run={run}
          // A stream that ended is not opened again by itself.
          onResumed={() => {
            setOpened((times) => times + 1);
            void query.refetch();
          }}
        />
      )}
    </RunLive>
  );
}

function RunHead({ study, run, onResumed }: { study: Study; run: TrainingRun; onResumed: () => void }) {
  const [cancelling, setCancelling] = useState(false);
  const refresh = useRefreshStudy(study.slug);
  const resume = useMutation({
    mutationFn: () => api.post<TrainingRun>(`training-runs/${run.id}/resume/`, {}),
    onSuccess: () => {
      refresh();
      onResumed();
    },
  });
  const stoppable = run.state === "queued" || run.state === "running";
  return (
    <>
      <header className="row row-between">
        <div className="row">
          <h2 className="run-title">Run {run.number}</h2>
          <RunBadge run={run} />
        </div>
        <div className="row">
          {run.model_version === null ? null : (
            <ButtonLink to={`/studies/${study.slug}/models/${run.model_version}`} variant="primary">
              Open its model
            </ButtonLink>
          )}
          {run.state === "cancelled" || run.state === "failed" ? (
            <Button variant="primary" busy={resume.isPending} onClick={() => resume.mutate()}>
              Resume from step {run.step.toLocaleString("en-US")}
            </Button>
          ) : null}
          {stoppable ? (
            <Button variant="danger" onClick={() => setCancelling(true)}>
              Cancel the run…
            </Button>
          ) : null}
        </div>
      </header>
      {resume.error ? <ErrorNote error={resume.error} /> : null}
      {run.note ? <p className="prose">{run.note}</p> : null}
      <RunFacts study={study} run={run} />
      {isAlive(run) ? null : <Ending study={study} run={run} />}
      {cancelling ? (
        <ConfirmDialog
          title={`Cancel run ${run.number}?`}
          action="Cancel the run"
          danger
          onConfirm={async () => {
            await api.post(`training-runs/${run.id}/cancel/`, {});
            refresh();
          }}
          onClose={() => setCancelling(false)}
        >
          <p>
            {run.state === "queued"
              ? "It leaves the queue. Nothing of it was trained yet."
              : "The worker ends the step it is at and keeps a checkpoint. You can resume the run from there at any time."}
          </p>
        </ConfirmDialog>
      ) : null}
    </>
  );
}

function Ending({ study, run }: { study: Study; run: TrainingRun }) {
  const serving = useModels(study.slug).data?.find(({ is_promoted: promoted }) => promoted);
  const at = run.finished_at === null ? "" : ` ${formatDateTime(run.finished_at)}`;
  if (run.state === "failed") {
    return (
      <p className="note note-error">
        {run.message || "The run failed without saying why: see the end of its log."} Resume goes on from the last
        checkpoint once the cause is mended.
      </p>
    );
  }
  if (run.state === "cancelled") {
    return <p className="note note-warn">Cancelled{at}. Its checkpoint is kept; Resume goes on from it.</p>;
  }
  return (
    <p className="note">
      Finished{at}.{" "}
      {run.model_version === null || serving?.id === run.model_version ? null : serving ? (
        <Link to={`/studies/${study.slug}/models?a=${run.model_version}&b=${serving.id}`}>
          Compare its model with the promoted one.
        </Link>
      ) : (
        "No model is promoted yet: open its model to promote it."
      )}
    </p>
  );
}
