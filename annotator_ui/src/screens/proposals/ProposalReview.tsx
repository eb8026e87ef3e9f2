import { useMemo, useRef, useState } from "react";
import type { ImageRow, Proposal, ROI, ROILevel } from "../../api/types";
import { prefetchBitmap } from "../../canvas/bitmaps";
import { ImageStage, type StageHandle } from "../../canvas/ImageStage";
import type { StageOutline } from "../../canvas/paint";
import { useOutlines } from "../../canvas/useOutlines";
import { useStageKeys } from "../../canvas/useStageKeys";
import { Kbd } from "../shared/Kbd";
import { ProposalPanel } from "./ProposalPanel";
import type { Proposals } from "./useProposals";
import { useReviewKeys } from "./useReviewKeys";

const KEYS = [
  ["A", "accept, also Enter"],
  ["E", "repair"],
  ["R", "reject, also Del"],
  ["U", "undo, also Ctrl Z"],
  ["N", "next, undecided"],
  ["B", "back"],
  ["O C", "object, component"],
  ["H", "hold to hide outlines"],
  ["+ −", "zoom"],
  ["Arrows", "move the image"],
] as const;

/** One proposal on its image, to accept, repair or reject. */
export function ProposalReview({
  proposals,
  proposal,
  image,
  rois,
  level,
  onLevel,
  onRepair,
}: {
  proposals: Proposals;
  proposal: Proposal;
  image: ImageRow;
  rois: readonly ROI[];
  level: ROILevel;
  onLevel: (level: ROILevel) => void;
  onRepair: () => void;
}) {
  const stage = useRef<StageHandle>(null);
  const [hidden, setHidden] = useState(false);
  const masks = useMemo(() => [...rois, proposal], [rois, proposal]);
  const { loops, error } = useOutlines(masks);
  const outlines = useMemo(
    () =>
      masks.map(({ id }): StageOutline => {
        return { id, loops: loops.get(id) ?? [], emphasis: id === proposal.id ? "selected" : "normal" };
      }),
    [masks, loops, proposal.id],
  );
  const focusBox = useMemo(() => {
    const [x = 0, y = 0, width = 0, height = 0] = proposal.bbox;
    return { x, y, width, height };
  }, [proposal]);
  const accept = () => proposals.decide("accepted", { level, name: "" });
  const reject = () => proposals.decide("rejected");
  useStageKeys(stage, { arrows: true, onHide: setHidden });
  useReviewKeys({
    accept,
    reject,
    repair: onRepair,
    undo: proposals.undo,
    step: proposals.step,
    setLevel: onLevel,
  });
  const { next } = proposals;
  const nextUrl = next !== null && next.image !== proposal.image ? next.image_url : null;
  return (
    <>
      <div className="regions-tools">
        <dl className="regions-hints proposal-keys" aria-label="Keys">
          {KEYS.map(([keys, meaning]) => (
            <div key={keys}>
              <dt>
                <Kbd>{keys}</Kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
      </div>
      <div className="regions-stage">
        <ImageStage
          ref={stage}
          image={{ url: image.file_url, width: image.width, height: image.height }}
          label={`Image ${image.file_name}`}
          outlines={outlines}
          outlineHidden={hidden}
          focusBox={focusBox}
          onLoaded={() => nextUrl !== null && prefetchBitmap(nextUrl)}
        />
      </div>
      <aside className="regions-side" aria-label="The proposal">
        {error === null ? null : (
          <p className="note note-error" role="alert">
            A mask cannot be shown: {error}
          </p>
        )}
        <ProposalPanel
          proposal={proposal}
          level={level}
          canUndo={proposals.decided.length > 0}
          onLevel={onLevel}
          onAccept={accept}
          onRepair={onRepair}
          onReject={reject}
          onUndo={proposals.undo}
        />
      </aside>
    </>
  );
}
