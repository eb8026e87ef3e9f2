import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { Levels, TrainedItem } from "../../api/types";
import { FIELD_LABELS, levelWords } from "../../state/rating/scales";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { ItemDesk } from "./ItemDesk";

const trainingKey = (slug: string) => ["study", slug, "training"] as const;

/** ROIs with a known answer: rate, then see how it was meant. */
export function TrainingStep({ slug, onDone }: { slug: string; onDone: () => Promise<void> }) {
  const queries = useQueryClient();
  const items = useQuery({
    queryKey: trainingKey(slug),
    queryFn: () => api.get<TrainedItem[]>(`studies/${slug}/training/`),
  });
  const [begun, setBegun] = useState(false);
  const [shown, setShown] = useState<TrainedItem | null>(null);
  const answer = useMutation({
    mutationFn: ({ item, levels }: { item: string; levels: Levels }) =>
      api.post<TrainedItem>(`studies/${slug}/training/${item}/`, levels),
    onSuccess: (answered) => {
      setShown(answered);
      queries.setQueryData<TrainedItem[]>(trainingKey(slug), (all) =>
        all?.map((one) => (one.id === answered.id ? answered : one)),
      );
    },
  });
  if (items.data === undefined) {
    return (
      <div className="qualify-card">
        {items.error ? (
          <ErrorNote error={items.error} onRetry={() => void items.refetch()} />
        ) : (
          <Progress label="Opening the training" />
        )}
      </div>
    );
  }
  const all = items.data;
  const done = all.filter(({ answered }) => answered).length;
  if (!begun) return <Welcome total={all.length} done={done} onBegin={() => setBegun(true)} />;
  const item = shown ?? all.find(({ answered }) => !answered);
  if (item === undefined) {
    return (
      <section className="qualify-card">
        <h2>Training done</h2>
        <p>You have seen all {all.length} regions.</p>
        <Button variant="primary" onClick={() => void onDone()}>
          Go on
        </Button>
      </section>
    );
  }
  const isLast = shown !== null && done === all.length;
  return (
    <ItemDesk
      key={item.id}
      item={item}
      title="Training"
      progress={`${shown === null ? done + 1 : done} of ${all.length}`}
      action={shown === null ? "Compare" : isLast ? "Finish the training" : "Next region"}
      busy={answer.isPending}
      feedback={shown === null ? null : <Feedback item={shown} />}
      note={answer.error ? <ErrorNote error={answer.error} /> : null}
      onAnswer={(levels) => answer.mutate({ item: item.id, levels })}
      onNext={() => {
        setShown(null);
        if (isLast) void onDone();
      }}
    />
  );
}

function Welcome({ total, done, onBegin }: { total: number; done: number; onBegin: () => void }) {
  return (
    <section className="qualify-card">
      <h2>Learn on {total} regions</h2>
      <p>
        You rate a region as you will later, then see how others judged it and why. Nothing of this counts as a rating,
        and there is nothing to fail: it shows what the words mean in this study.
      </p>
      {done > 0 ? <p className="muted">You have done {done} of them already.</p> : null}
      <Button variant="primary" onClick={onBegin}>
        {done > 0 ? "Go on with the training" : "Begin the training"}
      </Button>
    </section>
  );
}

function Feedback({ item }: { item: TrainedItem }) {
  const verdicts = item.verdicts ?? [];
  return (
    <div className="qualify-feedback" aria-live="polite">
      <h3>{item.right ? "Near enough to the reference" : "The reference sees it differently"}</h3>
      <table className="table">
        <caption className="visually-hidden">Your answer beside the reference</caption>
        <thead>
          <tr>
            <th scope="col">Scale</th>
            <th scope="col">You</th>
            <th scope="col">Reference</th>
          </tr>
        </thead>
        <tbody>
          {verdicts.map(({ scale, answer, reference, right }) => (
            <tr key={scale} data-wrong={!right || undefined}>
              <th scope="row">{FIELD_LABELS[scale]}</th>
              <td>{levelWords(scale)[answer]}</td>
              <td>
                {levelWords(scale)[reference]}
                {right ? null : <span className="badge badge-warn">look again</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {item.explanation === "" ? null : <p className="note">{item.explanation}</p>}
      <p className="muted small">One level more or less is near enough: people differ by as much.</p>
    </div>
  );
}
