import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { Study, TrainingCandidate, TrainingItemRequest, TrainingItemUse } from "../../api/types";
import { Choice } from "../admin/Choice";
import { LoadMore } from "../admin/LoadMore";
import { usePages } from "../admin/usePages";
import { studyKey } from "../admin/useStudy";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { LevelsByHand } from "./LevelsByHand";
import { ROIThumb } from "./ROIThumb";
import { referenceText } from "./reference";

/** ROIs that can become items, one click each: with their label, or with levels given by hand. */
export function AddItemsDialog({
  study,
  onAdded,
  onClose,
}: {
  study: Study;
  onAdded: () => void;
  onClose: () => void;
}) {
  const [use, setUse] = useState<TrainingItemUse>("training");
  const [source, setSource] = useState<"labelled" | "by-hand">("labelled");
  const labelled = source === "labelled";
  const candidates = usePages<TrainingCandidate>(
    studyKey(study.slug, "training-candidates", source),
    `studies/${study.slug}/training-candidates/`,
    { labelled, limit: 24 },
  );
  const [taken, setTaken] = useState<ReadonlySet<string>>(new Set());
  const rows = candidates.rows?.filter(({ roi }) => !taken.has(roi.id));
  return (
    <Dialog
      open
      wide
      title="Choose ROIs"
      onClose={onClose}
      footer={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <div className="row">
        <Choice
          label="For"
          value={use}
          options={[
            { value: "training", name: "training (with feedback)" },
            { value: "quiz", name: "the quiz (none)" },
          ]}
          onChange={setUse}
        />
        <Choice
          label="Among"
          value={source}
          options={[
            { value: "labelled", name: "ROIs with a label" },
            { value: "by-hand", name: "ROIs nobody has rated: I give the levels" },
          ]}
          onChange={setSource}
        />
      </div>
      {candidates.error ? <ErrorNote error={candidates.error} onRetry={() => void candidates.refetch()} /> : null}
      {candidates.isPending ? <Progress label="Looking for ROIs" /> : null}
      {rows?.length === 0 && !candidates.hasNextPage ? (
        <EmptyState
          title="None left here"
          text={
            labelled
              ? "ROIs of the train split appear when all their raters have answered. Until then, give the levels yourself."
              : "Every ROI of the train split is rated or chosen already."
          }
        />
      ) : null}
      <ul className="plain-list item-list">
        {rows?.map((candidate) => (
          <CandidateRow
            key={candidate.roi.id}
            study={study}
            candidate={candidate}
            use={use}
            onAdded={() => {
              setTaken((before) => new Set([...before, candidate.roi.id]));
              onAdded();
            }}
          />
        ))}
      </ul>
      {candidates.hasNextPage ? (
        <LoadMore busy={candidates.isFetchingNextPage} onMore={() => void candidates.fetchNextPage()} />
      ) : null}
    </Dialog>
  );
}

function CandidateRow({
  study,
  candidate,
  use,
  onAdded,
}: {
  study: Study;
  candidate: TrainingCandidate;
  use: TrainingItemUse;
  onAdded: () => void;
}) {
  const [byHand, setByHand] = useState(false);
  const add = useMutation({
    mutationFn: (reference: TrainingItemRequest["reference"]) =>
      api.post(`studies/${study.slug}/training-items/`, {
        roi: candidate.roi.id,
        use,
        reference: reference ?? null,
        explanation: "",
      } satisfies TrainingItemRequest),
    onSuccess: onAdded,
  });
  const { roi, image, reference, file_name: file } = candidate;
  return (
    <li>
      <ROIThumb roi={roi} image={image} />
      <div>
        <p>
          <strong>{roi.name || roi.level}</strong> <span className="muted small">{file}</span>
        </p>
        {reference === null ? null : <p>{referenceText(reference)}</p>}
        {add.error ? <ErrorNote error={add.error} /> : null}
        {byHand ? (
          <LevelsByHand start={reference ?? {}} busy={add.isPending} onDone={(levels) => add.mutate(levels)} />
        ) : null}
      </div>
      <div className="item-end">
        {reference === null ? null : (
          <Button small variant="primary" busy={add.isPending} onClick={() => add.mutate(undefined)}>
            Take with its label
          </Button>
        )}
        <Button small aria-expanded={byHand} onClick={() => setByHand((open) => !open)}>
          Give the levels
        </Button>
      </div>
    </li>
  );
}
