import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../../api/client";
import { DISTORTIONS, type Distortion, type GoldsRequest, type Job, type Study } from "../../../api/types";
import { FIELD_LABELS } from "../../../state/rating/scales";
import { Button } from "../../shared/Button";
import { Dialog } from "../../shared/Dialog";
import { ErrorNote } from "../../shared/ErrorNote";
import { Choice } from "../Choice";
import { count } from "../words";
import { ROIPicker } from "./ROIPicker";
import type { Candidates } from "./useGolds";

const STATES: readonly { value: Candidates; name: string }[] = [
  { value: "clean", name: "labelled clean" },
  { value: "untouched", name: "not rated yet" },
  { value: "", name: "all ROIs" },
];

/** Choose pristine regions and what may be put into them. */
export function MakeGoldsDialog({
  study,
  onStarted,
  onClose,
}: {
  study: Study;
  onStarted: (job: string) => void;
  onClose: () => void;
}) {
  const [state, setState] = useState<Candidates>("clean");
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [kinds, setKinds] = useState<ReadonlySet<Distortion>>(new Set(DISTORTIONS));
  const make = useMutation({
    mutationFn: () => {
      // The schema's type is a list of every length up to six, spelled out; a filtered list is one of them.
      const distortions = DISTORTIONS.filter((kind) => kinds.has(kind)) as NonNullable<GoldsRequest["distortions"]>;
      const body: GoldsRequest = { rois: [...chosen], distortions };
      return api.post<Job>(`studies/${study.slug}/golds/`, body);
    },
    onSuccess: (job) => onStarted(job.id),
  });
  return (
    <Dialog
      open
      wide
      title="Make golds from pristine regions"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant="primary"
            busy={make.isPending}
            disabled={chosen.size === 0 || kinds.size === 0}
            onClick={() => make.mutate()}
          >
            {chosen.size === 0 ? "Make golds" : `Make ${count(chosen.size, "gold")}`}
          </Button>
        </>
      }
    >
      <p className="muted small">
        Each region gives one gold: a copy of its image with one distortion inside the outline, nothing else changed.
        The region itself stays an ordinary ROI. Choose ones that are sharp, well exposed and have something in them.
      </p>
      <fieldset className="row gold-kinds">
        <legend className="field-label">Dealt out evenly</legend>
        {DISTORTIONS.map((kind) => (
          <label key={kind} className="tick">
            <input type="checkbox" checked={kinds.has(kind)} onChange={() => setKinds(flipped(kinds, kind))} />
            <span>{FIELD_LABELS[kind]}</span>
          </label>
        ))}
      </fieldset>
      <Choice label="Regions" value={state} options={STATES} onChange={setState} />
      <ROIPicker
        study={study}
        state={state}
        chosen={chosen}
        type="checkbox"
        empty={
          state === "clean"
            ? "No ROI is labelled clean yet. Choose among those that are not rated yet, by eye."
            : "There are none."
        }
        onToggle={({ roi }) => setChosen(flipped(chosen, roi))}
      >
        {(rows) => (
          <div className="row gold-choose">
            <span className="muted small" role="status">
              {chosen.size} chosen
            </span>
            <Button small onClick={() => setChosen(new Set([...chosen, ...rows.map(({ roi }) => roi)].slice(0, 500)))}>
              Choose all shown
            </Button>
            {chosen.size > 0 ? (
              <Button small variant="quiet" onClick={() => setChosen(new Set())}>
                Choose none
              </Button>
            ) : null}
          </div>
        )}
      </ROIPicker>
      {make.error ? <ErrorNote error={make.error} /> : null}
    </Dialog>
  );
}

function flipped<Item>(set: ReadonlySet<Item>, item: Item): ReadonlySet<Item> {
  const next = new Set(set);
  if (!next.delete(item)) next.add(item);
  return next;
}
