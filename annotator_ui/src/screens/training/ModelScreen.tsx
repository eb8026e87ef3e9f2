import "../admin/overview.css";
import "./training.css";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { api, apiUrl } from "../../api/client";
import type { Release, Study } from "../../api/types";
import { CopyButton } from "../admin/CopyButton";
import { digits, intervalText } from "../admin/figures";
import { IntervalChart } from "../admin/IntervalChart";
import { Stat } from "../admin/Stat";
import { StudyPage } from "../admin/StudyPage";
import { isStaff, studyKey } from "../admin/useStudy";
import { count, formatBytes, formatDateTime } from "../admin/words";
import { Badge } from "../shared/Badge";
import { Button, ButtonLink } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { nameOf } from "./CompareModels";
import { Markdown } from "./Markdown";
import { metricsOf, testPart } from "./metrics";
import { PromoteDialog } from "./PromoteDialog";
import { RollBackDialog } from "./RollBackDialog";
import { BaseName } from "./RunFacts";
import { NotYours } from "./TrainingPage";
import type { ModelVersion } from "./types";
import { useModels } from "./useTraining";
import { parametersText } from "./words";

/** One model: how good it is, what it was made of, its files and its card. */
export function ModelScreen() {
  const { modelId = "" } = useParams();
  return (
    <StudyPage>
      {(study) => (isStaff(study) ? <OneModel key={modelId} study={study} modelId={modelId} /> : <NotYours />)}
    </StudyPage>
  );
}

function OneModel({ study, modelId }: { study: Study; modelId: string }) {
  const model = useQuery({
    queryKey: studyKey(study.slug, "model", modelId),
    queryFn: () => api.get<ModelVersion>(`model-versions/${modelId}/`),
  });
  if (model.data === undefined) {
    return model.isError ? (
      <ErrorNote error={model.error} onRetry={() => void model.refetch()} />
    ) : (
      <Progress label="Opening the model" />
    );
  }
  return (
    <div className="stack">
      <Head study={study} model={model.data} />
      <Facts study={study} model={model.data} />
      <Measured model={model.data} />
      <Files model={model.data} />
      <Card model={model.data} />
    </div>
  );
}

function Head({ study, model }: { study: Study; model: ModelVersion }) {
  const [asking, setAsking] = useState<"promote" | "roll-back" | null>(null);
  const models = useModels(study.slug);
  const serving = models.data?.find(({ is_promoted: promoted }) => promoted);
  return (
    <header className="row row-between">
      <div className="row">
        <h2 className="run-title">
          {nameOf(model)} <span className="muted model-title">{model.name}</span>
        </h2>
        {model.is_promoted ? <Badge tone="ok">promoted</Badge> : null}
      </div>
      <div className="row">
        <ButtonLink to={`/studies/${study.slug}/models`} variant="quiet">
          All models
        </ButtonLink>
        {serving && !model.is_promoted ? (
          <ButtonLink to={`/studies/${study.slug}/models?a=${model.id}&b=${serving.id}`}>
            Compare with the promoted one
          </ButtonLink>
        ) : null}
        {model.is_promoted ? (
          <Button onClick={() => setAsking("roll-back")}>Roll back…</Button>
        ) : (
          <Button variant="primary" disabled={models.data === undefined} onClick={() => setAsking("promote")}>
            Promote…
          </Button>
        )}
      </div>
      {asking === "promote" ? (
        <PromoteDialog study={study} model={model} serving={serving} onClose={() => setAsking(null)} />
      ) : null}
      {asking === "roll-back" ? <RollBackDialog study={study} onClose={() => setAsking(null)} /> : null}
    </header>
  );
}

function Card({ model }: { model: ModelVersion }) {
  return (
    <section className="card" aria-labelledby="card">
      <div className="row row-between">
        <h2 id="card">Model card</h2>
        {model.model_card ? (
          <a
            className="button button-secondary button-small"
            href={apiUrl(`model-versions/${model.id}/card/`)}
            download
          >
            Download as Markdown
          </a>
        ) : null}
      </div>
      {model.model_card ? (
        <Markdown text={model.model_card} />
      ) : (
        <p className="muted">It has none: a card is written together with the measurement on a test part.</p>
      )}
    </section>
  );
}

function Facts({ study, model }: { study: Study; model: ModelVersion }) {
  const releases = useQuery({
    queryKey: studyKey(study.slug, "releases"),
    queryFn: () => api.all<Release>(`studies/${study.slug}/releases/`),
    enabled: model.release !== null,
  });
  const release = releases.data?.find(({ id }) => id === model.release);
  return (
    <section className="card" aria-label="What it is">
      <dl className="stats run-facts">
        <Stat term="Network" value={model.preset} note={model.variant} />
        <Stat term="Parameters" value={parametersText(model.parameters)} />
        <Stat term="Stage" value={model.stage} />
        <Stat
          term="Trained on"
          value={
            model.release === null ? (
              <span className="stat-small">{setName(model)}</span>
            ) : (
              <Link to={`/studies/${study.slug}/releases`}>{release ? `Release ${release.number}` : "a release"}</Link>
            )
          }
        />
        <Stat term="Went on from" value={<BaseName study={study} base={model.base} />} />
        {model.run === null ? null : (
          <Stat term="Run" value={<Link to={`/studies/${study.slug}/training/runs/${model.run}`}>open it</Link>} />
        )}
        <Stat
          term="Made"
          value={<span className="stat-small">{formatDateTime(model.created_at)}</span>}
          note={model.created_by ? `by ${model.created_by}` : ""}
        />
        <Stat
          term="Hash of the weights"
          value={
            <span className="row hash">
              <code title={model.weights_sha256}>{model.weights_sha256.slice(0, 12)}</code>
              <CopyButton text={model.weights_sha256} label="Copy the hash of the weights" />
            </span>
          }
        />
      </dl>
    </section>
  );
}

function setName({ data }: ModelVersion): string {
  const name = data.synthetic_set ?? data.shipped ?? data.name;
  return typeof name === "string" && name !== "" ? name : "see its card";
}

function Measured({ model }: { model: ModelVersion }) {
  const metrics = metricsOf(model);
  const part = testPart(model);
  return (
    <section className="card stack titled" aria-labelledby="measured">
      <h2 id="measured">How good it is</h2>
      {metrics.length === 0 ? (
        <p className="muted">
          {model.model_card
            ? "Nothing was measured on a test part of this study. Its card below tells what was measured elsewhere."
            : "Nothing was measured: what it was trained on has no test part. Release more images; every fifth or so is kept apart to measure models."}
        </p>
      ) : (
        <>
          {part === null ? null : (
            <p className="muted">
              Measured on {count(part.rois, "ROI")} of {count(part.images, "image")} of the test part, which it did not
              learn from.
            </p>
          )}
          <div className="comparison">
            <Table
              caption="Metrics on the test part"
              rows={metrics}
              rowKey={({ key }) => key}
              columns={[
                { header: "Metric", cell: ({ name }) => name },
                { header: "Value", numeric: true, cell: ({ value }) => digits(value) },
                { header: "95 % interval", numeric: true, cell: ({ interval }) => intervalText(interval) },
              ]}
            />
            <IntervalChart
              title="With intervals"
              asks="1 is perfect; 0 is no relation, or nothing right."
              estimates={metrics}
            />
          </div>
        </>
      )}
    </section>
  );
}

function Files({ model }: { model: ModelVersion }) {
  return (
    <section className="card titled" aria-labelledby="files">
      <h2 id="files">Files</h2>
      <p className="muted">
        Weights as safetensors, with everything that <code>python -m ml.seagull.predict</code> needs to read them. Put
        them into one folder.
      </p>
      <Table
        caption="Files of the model"
        rows={model.files}
        rowKey={({ name }) => name}
        columns={[
          {
            header: "File",
            cell: ({ name }) => (
              <a href={apiUrl(`model-versions/${model.id}/files/${name}`)} download={name} className="file-name">
                {name}
              </a>
            ),
          },
          {
            header: "Size",
            numeric: true,
            cell: ({ bytes }) => <span className="no-break">{formatBytes(bytes)}</span>,
          },
          { header: "SHA-256", cell: ({ sha256 }) => <code title={sha256}>{sha256.slice(0, 12)}</code> },
        ]}
      />
    </section>
  );
}
