import "./golds.css";
import { useMutation } from "@tanstack/react-query";
import { useCallback, useState } from "react";
import { Link } from "react-router";
import { api } from "../../../api/client";
import type { Gold, Job, Study } from "../../../api/types";
import { Badge } from "../../shared/Badge";
import { Button } from "../../shared/Button";
import { EmptyState } from "../../shared/EmptyState";
import { ErrorNote } from "../../shared/ErrorNote";
import { Progress } from "../../shared/Progress";
import { Table } from "../../shared/Table";
import { useToast } from "../../shared/Toast";
import { JobProgress } from "../JobProgress";
import { LoadMore } from "../LoadMore";
import { isFinished, useJob } from "../useJob";
import { hasRole } from "../useStudy";
import { count, percent } from "../words";
import { acceptedText, isDoubtful, reasonsOf } from "./golds";
import { MakeGoldsDialog } from "./MakeGoldsDialog";
import { MarkGoldDialog } from "./MarkGoldDialog";
import { ROIPreview } from "./ROIPreview";
import { useGolds, useRefreshGolds } from "./useGolds";

interface GoldsReport {
  made?: number;
  refused?: { roi: string; reason: string }[];
}

/** ROIs with a known answer: made, marked by hand, retired, and how they are answered. */
export function GoldsTab({ study }: { study: Study }) {
  const golds = useGolds(study.slug);
  const refresh = useRefreshGolds(study.slug);
  const [dialog, setDialog] = useState<"make" | "mark" | null>(null);
  const [jobId, setJobId] = useState<string | null>(null);
  const done = useCallback(() => refresh(), [refresh]);
  const { job, error } = useJob<GoldsReport>(jobId, done);
  const admin = hasRole(study, "admin");
  return (
    <section className="card stack titled" aria-labelledby="golds">
      <div className="row row-between">
        <h2 id="golds">Golds</h2>
        {admin ? (
          <div className="row">
            <Button onClick={() => setDialog("mark")}>Mark one by hand</Button>
            <Button variant="primary" onClick={() => setDialog("make")}>
              Make golds
            </Button>
          </div>
        ) : null}
      </div>
      <p className="muted small">
        ROIs whose answer is known, mixed in to check annotators. They look like any other ROI, nobody is told how they
        did, and their answers are in no label, count or release.{" "}
        {admin ? (
          <>
            How often they come stands in the <Link to={`/studies/${study.slug}?tab=settings`}>settings</Link>; who
            passes how many, among the <Link to={`/studies/${study.slug}?tab=annotators`}>annotators</Link>.
          </>
        ) : null}
      </p>
      {study.annotators_draw ? (
        <p className="note note-warn">
          In this study annotators draw ROIs and see its images. The images of golds are not among them, so somebody who
          compares could tell a gold. Let admins draw if the check matters.
        </p>
      ) : null}
      {error ? <ErrorNote error={error} /> : null}
      {job === undefined ? null : isFinished(job) ? (
        <Outcome job={job} />
      ) : (
        <JobProgress job={job} label="Making golds" />
      )}
      {golds.error ? <ErrorNote error={golds.error} onRetry={() => void golds.refetch()} /> : null}
      {golds.isPending ? <Progress label="Reading the golds" /> : null}
      {golds.rows === undefined ? null : (
        <GoldRows study={study} rows={golds.rows} admin={admin} onMake={() => setDialog("make")} />
      )}
      {golds.hasNextPage ? (
        <LoadMore busy={golds.isFetchingNextPage} onMore={() => void golds.fetchNextPage()} />
      ) : null}
      {dialog === "make" ? (
        <MakeGoldsDialog
          study={study}
          onStarted={(id) => {
            setJobId(id);
            setDialog(null);
          }}
          onClose={() => setDialog(null)}
        />
      ) : null}
      {dialog === "mark" ? <MarkGoldDialog study={study} onClose={() => setDialog(null)} /> : null}
    </section>
  );
}

function Outcome({ job }: { job: Job<GoldsReport> }) {
  const { made, refused = [] } = job.report;
  if (made === undefined) return <p className="note note-warn">{job.message}</p>;
  return (
    <div className={refused.length > 0 ? "note note-warn" : "note"} role="status">
      <p>
        {made === 0 ? "No gold was made." : `${count(made, "gold")} made.`}
        {refused.length > 0 ? ` ${count(refused.length, "region")} could not be used:` : ""}
      </p>
      {refused.length > 0 ? (
        <ul>
          {reasonsOf(refused).map(({ reason, count: times }) => (
            <li key={reason}>
              {times > 1 ? `${times} times: ` : ""}
              {reason}
            </li>
          ))}
        </ul>
      ) : null}
    </div>
  );
}

function GoldRows({
  study,
  rows,
  admin,
  onMake,
}: {
  study: Study;
  rows: readonly Gold[];
  admin: boolean;
  onMake: () => void;
}) {
  return (
    <Table
      caption="Golds and how they are answered"
      rows={rows}
      rowKey={({ id }) => id}
      empty={
        <EmptyState
          title="No golds yet"
          text="Choose regions that nobody finds fault with. Each gets one clear distortion inside its outline, on a copy of its image; what was put in is the known answer."
        >
          {admin ? (
            <Button variant="primary" onClick={onMake}>
              Make golds
            </Button>
          ) : null}
        </EmptyState>
      }
      columns={[
        { header: "Region", cell: (gold) => <GoldPicture gold={gold} /> },
        {
          header: "Known answer",
          cell: (gold) =>
            gold.distortion === null ? (
              <div>
                Marked by hand
                <div className="muted small">{acceptedText(gold.accepted).join(" · ")}</div>
              </div>
            ) : (
              <div>
                {gold.distortion}
                <div className="muted small no-break">minor or worse, and worse than the rest</div>
              </div>
            ),
        },
        { header: "Answers", numeric: true, cell: ({ answered }) => (answered === 0 ? "–" : answered) },
        { header: "Passed", cell: (gold) => <PassRate gold={gold} /> },
        ...(admin ? [{ header: "", cell: (gold: Gold) => <GoldActions study={study} gold={gold} /> }] : []),
      ]}
    />
  );
}

function GoldPicture({ gold }: { gold: Gold }) {
  const [height, width] = gold.segmentation.size;
  return (
    <div className="gold-picture">
      <ROIPreview image={gold.image} bbox={gold.bbox} width={width} height={height} />
      <span>
        {gold.name || <span className="muted">unnamed</span>} {gold.retired_at === null ? null : <Badge>retired</Badge>}
        <span className="muted small gold-file">{gold.file_name}</span>
      </span>
    </div>
  );
}

function PassRate({ gold }: { gold: Gold }) {
  if (gold.answered === 0) return <span className="muted">no answer yet</span>;
  return (
    <div>
      {percent(gold.passed, gold.answered)} %{" "}
      {isDoubtful(gold) ? (
        <Badge
          tone="warn"
          title="When most people miss a gold, look at the gold first: it may not show what it should."
        >
          look at it
        </Badge>
      ) : null}
    </div>
  );
}

function GoldActions({ study, gold }: { study: Study; gold: Gold }) {
  const refresh = useRefreshGolds(study.slug);
  const toast = useToast();
  const base = `studies/${study.slug}/golds/${gold.id}/`;
  const name = gold.name || gold.file_name;
  const set = useMutation({
    mutationFn: (action: "retire" | "restore") => api.post(`${base}${action}/`, {}),
    onSuccess: (_, action) => {
      refresh();
      if (action === "retire")
        toast({
          text: `${name} is served no longer.`,
          action: { label: "Undo", onAction: () => set.mutate("restore") },
        });
    },
    onError: (error) => toast({ text: error.message, tone: "error" }),
  });
  const remove = useMutation({
    mutationFn: () => api.delete(base),
    onSuccess: () => {
      refresh();
      toast({ text: gold.distortion === null ? `${name} is an ordinary ROI again.` : `The gold ${name} is removed.` });
    },
    onError: (error) => toast({ text: error.message, tone: "error" }),
  });
  return (
    <div className="row gold-actions">
      {gold.retired_at === null ? (
        <Button small busy={set.isPending} onClick={() => set.mutate("retire")} aria-label={`Retire ${name}`}>
          Retire
        </Button>
      ) : (
        <Button small busy={set.isPending} onClick={() => set.mutate("restore")} aria-label={`Serve ${name} again`}>
          Serve again
        </Button>
      )}
      {gold.answered === 0 ? (
        <Button
          small
          variant="quiet"
          busy={remove.isPending}
          onClick={() => remove.mutate()}
          aria-label={`Remove ${name}`}
        >
          {gold.distortion === null ? "Unmark" : "Remove"}
        </Button>
      ) : null}
    </div>
  );
}
