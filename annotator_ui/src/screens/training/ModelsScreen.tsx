import "../admin/overview.css";
import "./training.css";
import { Link } from "react-router";
import type { Study } from "../../api/types";
import { IntervalChart } from "../admin/IntervalChart";
import { StudyPage } from "../admin/StudyPage";
import { isStaff } from "../admin/useStudy";
import { formatDateTime, timeAgo } from "../admin/words";
import { Badge } from "../shared/Badge";
import { ButtonLink } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { CompareModels, nameOf } from "./CompareModels";
import { metricsOf, metricText } from "./metrics";
import { PromotionHistory } from "./PromotionHistory";
import { SuggestionsPanel } from "./SuggestionsPanel";
import { TakeShippedButton } from "./TakeShipped";
import { NotYours } from "./TrainingPage";
import type { ModelVersion } from "./types";
import { useModels } from "./useTraining";
import { parametersText } from "./words";

/** The models of a study: which one suggests, how good each is, and what became of them. */
export function ModelsScreen() {
  return <StudyPage>{(study) => (isStaff(study) ? <Models study={study} /> : <NotYours />)}</StudyPage>;
}

function Models({ study }: { study: Study }) {
  const models = useModels(study.slug);
  if (models.data === undefined) {
    return models.isError ? (
      <ErrorNote error={models.error} onRetry={() => void models.refetch()} />
    ) : (
      <Progress label="Reading the models" />
    );
  }
  if (models.data.length === 0) return <NoModels study={study} />;
  return (
    <div className="stack">
      <div className="row row-between">
        <p className="muted">
          A model version is the weights of a finished run. The promoted one suggests levels for this study's ROIs; what
          annotators see of that, and when, is the study's suggestion mode.
        </p>
        <TakeShippedButton study={study} models={models.data} />
      </div>
      <ModelTable study={study} models={models.data} />
      <SuggestionsPanel study={study} models={models.data} />
      {models.data.length > 1 ? <CompareModels models={models.data} /> : null}
      <QualityChart models={models.data} />
      <PromotionHistory study={study} models={models.data} />
    </div>
  );
}

function NoModels({ study }: { study: Study }) {
  return (
    <EmptyState
      title="No models yet"
      text="A finished training run leaves a model here. The small network that ships with ROIQA can be taken in at once: it learned from distortions that a program made, so it shows the way rather than the answer."
    >
      <div className="row">
        <ButtonLink to={`/studies/${study.slug}/training/new`} variant="primary">
          Train a model
        </ButtonLink>
        <TakeShippedButton study={study} models={[]} />
      </div>
    </EmptyState>
  );
}

function ModelTable({ study, models }: { study: Study; models: readonly ModelVersion[] }) {
  const metric = (model: ModelVersion, wanted: string) =>
    metricText(metricsOf(model).find(({ key }) => key === wanted));
  const serving = models.find(({ is_promoted: promoted }) => promoted);
  return (
    <div className="card titled">
      <Table
        caption="Models"
        rows={models}
        rowKey={({ id }) => id}
        columns={[
          {
            header: "Model",
            cell: (model) => (
              <span className="row model-name">
                <Link to={`/studies/${study.slug}/models/${model.id}`}>{nameOf(model)}</Link>
                {model.is_promoted ? <Badge tone="ok">promoted</Badge> : null}
              </span>
            ),
          },
          {
            header: "What",
            cell: (model) => (
              <span className="cell-words">
                {model.name}
                <span className="muted small cell-words">
                  {model.preset}, {model.stage}, {parametersText(model.parameters)} parameters
                </span>
              </span>
            ),
          },
          { header: "Quality SRCC", numeric: true, cell: (model) => metric(model, "quality_srocc") },
          { header: "Importance SRCC", numeric: true, cell: (model) => metric(model, "importance_srocc") },
          { header: "Distortion F1", numeric: true, cell: (model) => metric(model, "types_f1") },
          {
            header: "Made",
            cell: ({ created_at: at }) => (
              <span className="no-break" title={formatDateTime(at)}>
                {timeAgo(at)}
              </span>
            ),
          },
          {
            header: "Compare",
            cell: (model) =>
              serving === undefined || model.is_promoted ? (
                ""
              ) : (
                <ButtonLink
                  small
                  to={`/studies/${study.slug}/models?a=${model.id}&b=${serving.id}#compare`}
                  aria-label={`Compare ${nameOf(model)} with the promoted one`}
                >
                  With the promoted
                </ButtonLink>
              ),
          },
        ]}
      />
      <p className="muted small">
        Each on the test part of what it was trained for, with the 95 % interval over whole images. Numbers of different
        test parts cannot be compared; “Compare” puts two models on the same ROIs.
      </p>
    </div>
  );
}

/** Quality SRCC of the latest models, oldest above: whether training gets anywhere. */
function QualityChart({ models }: { models: readonly ModelVersion[] }) {
  const estimates = models
    .slice(0, 12)
    .reverse()
    .flatMap((model) => {
      const found = metricsOf(model).find(({ key }) => key === "quality_srocc");
      return found ? [{ name: nameOf(model), value: found.value, interval: found.interval }] : [];
    });
  if (estimates.length < 2) return null;
  return (
    <section className="card">
      <IntervalChart
        title="Quality SRCC of each model"
        asks="How well each model ranked the ROIs of its own test part by quality, with its 95 % interval."
        estimates={estimates}
      />
    </section>
  );
}
