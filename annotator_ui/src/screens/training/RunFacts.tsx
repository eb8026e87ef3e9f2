import { Link } from "react-router";
import type { Study } from "../../api/types";
import { CopyButton } from "../admin/CopyButton";
import { share } from "../admin/figures";
import { Stat } from "../admin/Stat";
import { count, formatDateTime } from "../admin/words";
import { valueText } from "./runForm";
import type { TrainingRun } from "./types";
import { useModels } from "./useTraining";
import { lasted } from "./words";

/** What the run was asked to do. */
export function RunFacts({ study, run }: { study: Study; run: TrainingRun }) {
  const overrides = [...Object.entries(run.network), ...Object.entries(run.settings)];
  return (
    <section className="card stack" aria-label="What was asked for">
      <dl className="stats run-facts">
        <Stat term="Data" value={<DataName study={study} run={run} />} />
        <Stat term="Network" value={run.preset} note={run.variant} />
        <Stat term="Stage" value={run.stage} />
        <Stat term="Starts from" value={<BaseName study={study} base={run.base} />} />
        <Stat
          term="Attempts"
          value={run.attempts}
          note={run.attempts > 1 ? "each went on from the last checkpoint" : undefined}
        />
        {run.fraction === 1 ? null : <Stat term="Share of the data" value={share(run.fraction)} />}
        <Stat term="Took" value={lasted(run.started_at, run.finished_at) ?? "–"} note={run.device} />
        <Stat
          term="Made"
          value={<span className="stat-small">{formatDateTime(run.created_at)}</span>}
          note={run.automatic ? "by the retraining rule" : `by ${run.created_by || "someone who left"}`}
        />
      </dl>
      <details className="small">
        <summary>
          {overrides.length === 0 ? "No setting was changed" : `${count(overrides.length, "setting")} changed`}, key of
          data and config
        </summary>
        <ul className="plain-list">
          {overrides.map(([name, value]) => (
            <li key={name}>
              {name.replaceAll("_", " ")}: <strong>{valueText(value)}</strong>
            </li>
          ))}
          <li className="row">
            key <code className="file-name">{run.key}</code> <CopyButton text={run.key} label="Copy the key" />
          </li>
        </ul>
      </details>
    </section>
  );
}

function DataName({ study, run }: { study: Study; run: TrainingRun }) {
  if (run.release_number === null) return run.synthetic_set;
  return <Link to={`/studies/${study.slug}/releases`}>Release {run.release_number}</Link>;
}

/** The model that a run went on from; random weights where there is none. */
export function BaseName({ study, base }: { study: Study; base: string | null }) {
  const models = useModels(study.slug);
  if (base === null || base === "") return "random weights";
  if (base.startsWith("shipped:")) return `${base.slice("shipped:".length)} (ships with ROIQA)`;
  const model = models.data?.find(({ id }) => id === base);
  return <Link to={`/studies/${study.slug}/models/${base}`}>{model ? `Model ${model.number}` : "a model"}</Link>;
}
