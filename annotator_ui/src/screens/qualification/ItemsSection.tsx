import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { QualificationRules, Study, TrainingItem } from "../../api/types";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { useToast } from "../shared/Toast";
import { AddItemsDialog } from "./AddItemsDialog";
import { gapsOf } from "./coverage";
import { itemsKey, rulesKey } from "./keys";
import { ROIThumb } from "./ROIThumb";
import { referenceText } from "./reference";

/** The ROIs of training and quiz, with what they teach. */
export function ItemsSection({ study, rules }: { study: Study; rules: QualificationRules }) {
  const [adding, setAdding] = useState(false);
  const queries = useQueryClient();
  const items = useQuery({
    queryKey: itemsKey(study.slug),
    queryFn: () => api.get<TrainingItem[]>(`studies/${study.slug}/training-items/`),
  });
  const refresh = () => {
    void queries.invalidateQueries({ queryKey: itemsKey(study.slug) });
    void queries.invalidateQueries({ queryKey: rulesKey(study.slug) });
  };
  const gaps = gapsOf(items.data ?? []);
  return (
    <section className="card titled" aria-labelledby="items-title">
      <div className="row row-between">
        <h2 id="items-title">ROIs to learn and to be examined on</h2>
        <Button variant="primary" onClick={() => setAdding(true)}>
          Choose ROIs
        </Button>
      </div>
      <p className="muted">
        {rules.training_items} for training, {rules.quiz_items} for the quiz. These ROIs are given to nobody to rate any
        more; ROIs of the test split and golds cannot be chosen.
      </p>
      {gaps.length > 0 ? <p className="note">The training does not show yet: {gaps.join(" · ")}.</p> : null}
      {items.error ? <ErrorNote error={items.error} onRetry={() => void items.refetch()} /> : null}
      {items.isPending ? <Progress label="Reading the ROIs" /> : null}
      {items.data?.length === 0 ? (
        <EmptyState
          title="No ROI chosen yet"
          text="Good ones show each distortion at two severities, and one ROI is clean. Take ROIs that people have rated, or give the levels yourself."
        />
      ) : null}
      <ul className="plain-list item-list">
        {items.data?.map((item) => (
          <ItemRow key={item.id} study={study} item={item} onChanged={refresh} />
        ))}
      </ul>
      {adding ? <AddItemsDialog study={study} onAdded={refresh} onClose={() => setAdding(false)} /> : null}
    </section>
  );
}

function ItemRow({ study, item, onChanged }: { study: Study; item: TrainingItem; onChanged: () => void }) {
  const toast = useToast();
  const [text, setText] = useState(item.explanation);
  const path = `studies/${study.slug}/training-items/${item.id}/`;
  const explain = useMutation({
    mutationFn: () => api.patch(path, { explanation: text }),
    onSuccess: () => {
      onChanged();
      toast({ text: "The explanation is saved.", tone: "ok" });
    },
  });
  const remove = useMutation({ mutationFn: () => api.delete(path), onSuccess: onChanged });
  return (
    <li>
      <ROIThumb roi={item.roi} image={item.image} />
      <div>
        <p className="row">
          <Badge tone={item.use === "quiz" ? "accent" : "neutral"}>{item.use}</Badge>
          <strong>{item.roi.name || item.roi.level}</strong>
          <span className="muted small">{item.from_consensus ? "by its label" : "levels given by hand"}</span>
        </p>
        <p>{referenceText(item.reference)}</p>
        {item.use === "training" ? (
          <p className="row item-explain">
            <input
              className="input"
              aria-label={`Explanation of ${item.roi.name || item.roi.level}`}
              placeholder="Why: shown after the answer"
              maxLength={2000}
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
            <Button
              small
              busy={explain.isPending}
              disabled={text === item.explanation}
              onClick={() => explain.mutate()}
            >
              Save
            </Button>
          </p>
        ) : null}
        {(explain.error ?? remove.error) ? <ErrorNote error={explain.error ?? remove.error} /> : null}
      </div>
      <div className="item-end">
        <span className="muted small numeric">{item.answered} answers</span>
        <Button small busy={remove.isPending} onClick={() => remove.mutate()}>
          Remove
        </Button>
      </div>
    </li>
  );
}
