import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useSearchParams } from "react-router";
import { api } from "../../api/client";
import type { Job } from "../../api/types";
import { Choice } from "../admin/Choice";
import { digits } from "../admin/figures";
import { JobProgress } from "../admin/JobProgress";
import { isFinished, useJob } from "../admin/useJob";
import { count } from "../admin/words";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { DifferenceChart, signed } from "./DifferenceChart";
import { type Compared, metricName, sentenceOf, verdictOf } from "./metrics";
import type { ModelComparison, ModelVersion } from "./types";

/** Two models on the same ROIs of the frozen test part. Which two is part of the address: `a` against `b`. */
export function CompareModels({ models }: { models: readonly ModelVersion[] }) {
  const [params, setParams] = useSearchParams();
  const serving = models.find(({ is_promoted: promoted }) => promoted);
  const a = models.find(({ id }) => id === params.get("a"));
  const b = models.find(({ id }) => id === params.get("b")) ?? (a && a !== serving ? serving : undefined);
  const names = [
    { value: "", name: "choose" },
    ...models.map((model) => ({ value: model.id, name: nameOf(model) + (model.is_promoted ? " (promoted)" : "") })),
  ];
  const choose = (name: "a" | "b") => (value: string) => {
    const next = new URLSearchParams(params);
    if (b) next.set("b", b.id);
    next.set(name, value);
    setParams(next, { replace: true });
  };
  return (
    <section className="card stack" aria-labelledby="compare">
      <div className="row row-between">
        <h2 id="compare">Compare two models</h2>
        <div className="row">
          <Choice label="Is" value={a?.id ?? ""} options={names} onChange={choose("a")} />
          <Choice label="not worse than" value={b?.id ?? ""} options={names} onChange={choose("b")} />
          {params.has("a") || params.has("b") ? (
            <Button small variant="quiet" onClick={() => setParams({})}>
              Close
            </Button>
          ) : null}
        </div>
      </div>
      {a === undefined || b === undefined ? (
        <p className="muted">
          Both judge the same ROIs of the test part, which no model has learned from. The difference comes with an
          interval over whole images, so that luck with a few pictures does not decide.
        </p>
      ) : a.id === b.id ? (
        <p className="muted">A model is equal to itself. Choose two different ones.</p>
      ) : (
        <ComparisonView key={`${a.id} ${b.id}`} a={a} b={b} />
      )}
    </section>
  );
}

export function nameOf({ number }: Pick<ModelVersion, "number">): string {
  return `Model ${number}`;
}

const comparisonKey = (a: string, b: string) => ["model-comparison", a, b] as const;

export function useComparison(a: string | null, b: string | null) {
  return useQuery({
    queryKey: comparisonKey(a ?? "", b ?? ""),
    queryFn: () => api.get<ModelComparison>(`model-versions/${a}/compare/${b}/`),
    enabled: a !== null && b !== null,
  });
}

/** What is known of `a` against `b`; computes it when asked to. */
export function ComparisonView({ a, b }: { a: ModelVersion; b: ModelVersion }) {
  const comparison = useComparison(a.id, b.id);
  const queries = useQueryClient();
  const again = () => queries.invalidateQueries({ queryKey: comparisonKey(a.id, b.id) });
  const start = useMutation({
    mutationFn: () => api.post<Job>(`model-versions/${a.id}/compare/${b.id}/`, {}),
    onSettled: again,
  });
  const { job } = useJob(comparison.data?.job ?? null, () => void again());
  if (comparison.data === undefined) {
    return comparison.isError ? (
      <ErrorNote error={comparison.error} onRetry={() => void comparison.refetch()} />
    ) : (
      <Progress label="Comparing" />
    );
  }
  const { state, note, comparison: result } = comparison.data;
  const compute = (
    <Button variant="primary" busy={start.isPending} onClick={() => start.mutate()}>
      {state === "impossible" ? "Try again" : "Compare on the test part"}
    </Button>
  );
  return (
    <>
      {state === "missing" || state === "impossible" ? (
        <div className={state === "missing" ? "note" : "note note-warn"}>
          <p>{note || "These two were not compared yet."}</p>
          {compute}
        </div>
      ) : null}
      {state === "computing" ? (
        job && !isFinished(job) ? (
          <JobProgress job={job} label="Comparing on the test part" />
        ) : (
          <Progress label="Comparing on the test part" />
        )
      ) : null}
      {start.error ? <ErrorNote error={start.error} /> : null}
      {state === "ready" && result !== null ? <Result result={result} a={nameOf(a)} b={nameOf(b)} /> : null}
    </>
  );
}

/** Below this the percentile interval over images covers the truth far less often than it says. */
const FEW_IMAGES = 10;

function Result({ result, a, b }: { result: Compared; a: string; b: string }) {
  return (
    <div className="stack" aria-live="polite">
      <p className={result.not_worse ? "note note-ok" : "note note-warn"}>
        <strong>{sentenceOf(result, { a, b })}</strong> Measured on {count(result.n_rois, "ROI")} of{" "}
        {count(result.n_images, "image")} of release {result.release.number}
        {result.images_left_out > 0
          ? `; ${count(result.images_left_out, "image")} that one of them has learned from left out`
          : ""}
        . Not worse means: at most {result.margin} below, and the interval not wholly below 0.
      </p>
      {result.n_images < FEW_IMAGES ? (
        <p className="note note-warn">
          Fewer than {FEW_IMAGES} images tell little: intervals are drawn by resampling images, and of so few they come
          out too narrow. Rate more of the test part before you rely on this.
        </p>
      ) : null}
      <div className="comparison">
        <Table
          caption={`${a} and ${b} on the test part`}
          rows={Object.entries(result.metrics)}
          rowKey={([key]) => key}
          columns={[
            { header: "Metric", cell: ([key]) => metricName(key) },
            { header: a, numeric: true, cell: ([, metric]) => digits(metric.a) },
            { header: b, numeric: true, cell: ([, metric]) => digits(metric.b) },
            {
              header: "Difference (95 %)",
              numeric: true,
              cell: ([, { difference, interval }]) =>
                `${signed(difference)} (${signed(interval[0])} to ${signed(interval[1])})`,
            },
            {
              header: "In words",
              cell: ([, metric]) => <Badge tone={verdictOf(metric).tone}>{verdictOf(metric).word}</Badge>,
            },
          ]}
        />
        <DifferenceChart metrics={result.metrics} a={a} b={b} />
      </div>
    </div>
  );
}
