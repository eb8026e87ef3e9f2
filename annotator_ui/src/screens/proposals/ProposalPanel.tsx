import type { Proposal, ROILevel } from "../../api/types";
import { pixels } from "../../model/rois";
import { LevelChoice } from "../regions/LevelChoice";
import { Button } from "../shared/Button";
import { Kbd } from "../shared/Kbd";

const percent = (share: number) => `${Math.round(100 * share)} %`;

/** Which backend proposed it, as far as its source says so. */
function backendOf({ source }: Proposal): string {
  const name = source.model ?? source.tool ?? source.backend;
  return typeof name === "string" ? name : "a backend";
}

function Keyed({ shortcut, children }: { shortcut: string; children: string }) {
  return (
    <>
      {children}{" "}
      <span aria-hidden="true">
        <Kbd>{shortcut}</Kbd>
      </span>
    </>
  );
}

/** The proposal on the page and what can be done with it. */
export function ProposalPanel({
  proposal,
  level,
  canUndo,
  onLevel,
  onAccept,
  onRepair,
  onReject,
  onUndo,
}: {
  proposal: Proposal;
  level: ROILevel;
  canUndo: boolean;
  onLevel: (level: ROILevel) => void;
  onAccept: () => void;
  onRepair: () => void;
  onReject: () => void;
  onUndo: () => void;
}) {
  return (
    <section className="regions-panel" aria-label="Proposal">
      <h2>Is this a region to rate?</h2>
      <LevelChoice legend="Level of the ROI" level={level} onLevel={onLevel} />
      <dl className="proposal-facts">
        <dt>Area</dt>
        <dd className="numeric">{pixels(proposal.area)}</dd>
        <dt>Score</dt>
        <dd className="numeric" title="How much the backend believes in it">
          {percent(proposal.score)}
        </dd>
        <dt>Stability</dt>
        <dd className="numeric" title="How little the mask changes when its threshold does">
          {proposal.stability === null ? "–" : percent(proposal.stability)}
        </dd>
        <dt>Proposed by</dt>
        <dd>{backendOf(proposal)}</dd>
      </dl>
      <Button variant="primary" aria-keyshortcuts="A" onClick={onAccept}>
        <Keyed shortcut="A">Accept</Keyed>
      </Button>
      <Button aria-keyshortcuts="E" onClick={onRepair}>
        <Keyed shortcut="E">Repair</Keyed>
      </Button>
      <Button aria-keyshortcuts="R" onClick={onReject}>
        <Keyed shortcut="R">Reject</Keyed>
      </Button>
      <Button variant="quiet" aria-keyshortcuts="U" disabled={!canUndo} onClick={onUndo}>
        <Keyed shortcut="U">Undo the last one</Keyed>
      </Button>
    </section>
  );
}
