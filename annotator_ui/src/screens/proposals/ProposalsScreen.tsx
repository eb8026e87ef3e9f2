import "../../styles/regions.css";
import "../../styles/proposals.css";
import "../admin/admin.css";
import "../admin/forms.css";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { Link, useParams, useSearchParams } from "react-router";
import { api } from "../../api/client";
import type { ImageRow, Proposal, ROI, ROILevel, Study } from "../../api/types";
import { Choice } from "../admin/Choice";
import { isStaff, useStudy } from "../admin/useStudy";
import { useROIs } from "../regions/useRegions";
import { Button, ButtonLink } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { useTitle } from "../shared/useTitle";
import { ProposalJob } from "./ProposalJob";
import { ProposalRepair } from "./ProposalRepair";
import { ProposalReview } from "./ProposalReview";
import { type Proposals, useProposals } from "./useProposals";

const LEVELS = [
  { value: "", name: "all" },
  { value: "component", name: "components" },
  { value: "object", name: "objects" },
] as const;

const NO_ROIS: readonly ROI[] = [];

/** The queue of masks that a backend proposed: a person accepts, repairs or rejects each. */
export function ProposalsScreen() {
  const { slug = "" } = useParams();
  const study = useStudy(slug);
  useTitle(study.data ? `Proposals of ${study.data.title}` : "Proposals");
  if (study.data === undefined) {
    return (
      <div className="page">
        {study.isError ? (
          <ErrorNote error={study.error} onRetry={() => void study.refetch()} />
        ) : (
          <Progress label="Opening the study" />
        )}
      </div>
    );
  }
  if (!isStaff(study.data)) {
    return (
      <div className="page">
        <EmptyState title="Proposals are looked through by the study's admins and ML engineers" />
      </div>
    );
  }
  return <Desk study={study.data} />;
}

function Desk({ study }: { study: Study }) {
  const [params, setParams] = useSearchParams();
  const level = LEVELS.find(({ value }) => value === params.get("level"))?.value ?? "";
  return (
    <Queue
      // Another filter is another queue.
      key={level}
      study={study}
      level={level}
      filter={
        <Choice
          label="Show"
          value={level}
          options={LEVELS}
          onChange={(value) => setParams(value === "" ? {} : { level: value }, { replace: true })}
        />
      }
    />
  );
}

function Queue({ study, level, filter }: { study: Study; level: ROILevel | ""; filter: ReactNode }) {
  const proposals = useProposals(study.slug, level);
  const [starting, setStarting] = useState(false);
  const { current, isPending, error } = proposals;
  const bar = (
    <div className="regions-bar">
      <h1 className="regions-title">Proposals</h1>
      <Link to={`/studies/${study.slug}`}>{study.title}</Link>
      {filter}
      <QueueProgress proposals={proposals} />
      <Button small onClick={() => setStarting(true)}>
        Make proposals
      </Button>
    </div>
  );
  const dialog = (
    <Dialog
      open={starting}
      title="Make proposals"
      onClose={() => setStarting(false)}
      footer={<Button onClick={() => setStarting(false)}>Close</Button>}
    >
      <ProposalJob study={study} onFinished={proposals.reload} />
    </Dialog>
  );
  if (current !== null) {
    return (
      <div className="regions">
        {bar}
        {dialog}
        <OneProposal study={study} proposal={current} proposals={proposals} />
      </div>
    );
  }
  return (
    <div className="regions proposals-empty">
      <div className="regions-bar">
        <h1 className="regions-title">Proposals</h1>
        <Link to={`/studies/${study.slug}`}>{study.title}</Link>
        {filter}
        <QueueProgress proposals={proposals} />
      </div>
      <div className="page proposals-none">
        {error ? <ErrorNote error={error} onRetry={proposals.retry} /> : null}
        {isPending ? <Progress label="Reading the proposals" /> : null}
        {!isPending && !error ? <NothingLeft study={study} level={level} proposals={proposals} /> : null}
      </div>
    </div>
  );
}

function QueueProgress({ proposals }: { proposals: Proposals }) {
  const { decided, left, hasMore } = proposals;
  const accepted = decided.filter(({ verdict }) => verdict === "accepted").length;
  if (decided.length + left === 0) return null;
  return (
    <span className="proposals-progress muted small numeric" role="status">
      <progress aria-label="Looked through" max={decided.length + left} value={decided.length} />
      {left}
      {hasMore ? "+" : ""} left · {accepted} accepted, {decided.length - accepted} rejected
    </span>
  );
}

function NothingLeft({ study, level, proposals }: { study: Study; level: ROILevel | ""; proposals: Proposals }) {
  const done = proposals.decided.length > 0;
  const words = level === "" ? "proposals" : `proposals of ${level}s`;
  return (
    <EmptyState
      title={done ? "All proposals are looked through" : `No ${words} are waiting`}
      text={
        done
          ? "What was accepted is an ROI of the study now."
          : "A worker proposes masks on the study's images; each becomes an ROI only when somebody accepts it here."
      }
    >
      {done ? (
        <div className="row">
          <Button onClick={proposals.undo}>Undo the last one</Button>
          <ButtonLink to={`/studies/${study.slug}?tab=rois`}>To the ROIs</ButtonLink>
        </div>
      ) : null}
      <ProposalJob study={study} onFinished={proposals.reload} />
    </EmptyState>
  );
}

function OneProposal({ study, proposal, proposals }: { study: Study; proposal: Proposal; proposals: Proposals }) {
  const image = useQuery({
    queryKey: ["image", proposal.image],
    queryFn: () => api.get<ImageRow>(`images/${proposal.image}/`),
    staleTime: 60_000,
  });
  const rois = useROIs(study.slug, proposal.image).data ?? NO_ROIS;
  const [own, setOwn] = useState({ id: proposal.id, level: proposal.level, repairing: false });
  // Another proposal begins afresh, while the stage stays as it is zoomed.
  const { level, repairing } = own.id === proposal.id ? own : { level: proposal.level, repairing: false };
  const change = (to: Partial<typeof own>) => setOwn({ id: proposal.id, level, repairing, ...to });
  const next = proposals.next?.image ?? null;
  // The next image's facts are there when its proposal comes up.
  useQuery({
    queryKey: ["image", next],
    queryFn: () => api.get<ImageRow>(`images/${next}/`),
    staleTime: 60_000,
    enabled: next !== null,
  });
  if (image.data === undefined) {
    return (
      <div className="regions-stage page">
        {image.isError ? (
          <ErrorNote error={image.error} onRetry={() => void image.refetch()} />
        ) : (
          <Progress label="Opening the image" />
        )}
      </div>
    );
  }
  const row = { ...image.data, file_name: proposal.file_name };
  if (repairing) {
    return (
      <ProposalRepair
        key={proposal.id}
        study={study}
        image={row}
        proposal={proposal}
        level={level}
        rois={rois}
        onAccept={(body) => proposals.decide("accepted", body)}
        onCancel={() => change({ repairing: false })}
      />
    );
  }
  return (
    <ProposalReview
      proposals={proposals}
      proposal={proposal}
      image={row}
      rois={rois}
      level={level}
      onLevel={(to) => change({ level: to })}
      onRepair={() => change({ repairing: true })}
    />
  );
}
