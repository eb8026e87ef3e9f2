import { useState } from "react";
import { Link } from "react-router";
import type { Study } from "../../api/types";
import { LoadMore } from "../admin/LoadMore";
import { usePages } from "../admin/usePages";
import { studyKey } from "../admin/useStudy";
import { formatDateTime } from "../admin/words";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Table } from "../shared/Table";
import { nameOf } from "./CompareModels";
import { RollBackDialog } from "./RollBackDialog";
import type { ModelVersion, Promotion } from "./types";

/** Who let which model suggest, when and why. */
export function PromotionHistory({ study, models }: { study: Study; models: readonly ModelVersion[] }) {
  const [rollingBack, setRollingBack] = useState(false);
  const promotions = usePages<Promotion>(studyKey(study.slug, "promotions"), `studies/${study.slug}/promotions/`, {
    limit: 20,
  });
  const serving = models.some(({ is_promoted: promoted }) => promoted);
  return (
    <section className="card stack titled" aria-labelledby="history">
      <div className="row row-between">
        <h2 id="history">History of promotions</h2>
        {serving ? <Button onClick={() => setRollingBack(true)}>Roll back…</Button> : null}
      </div>
      {promotions.error ? (
        <ErrorNote error={promotions.error} onRetry={() => void promotions.refetch()} />
      ) : (
        <Table
          caption="Promotions"
          rows={promotions.rows ?? []}
          rowKey={({ id }) => String(id)}
          empty={promotions.isPending ? undefined : <p className="muted">No model was promoted yet.</p>}
          columns={[
            { header: "When", cell: ({ created_at: at }) => <span className="no-break">{formatDateTime(at)}</span> },
            {
              header: "Suggests from then",
              cell: (promotion) => (
                <span className="row">
                  <ModelLink study={study} models={models} id={promotion.model} />
                  {promotion.is_current ? <Badge tone="ok">now</Badge> : null}
                </span>
              ),
            },
            {
              header: "By",
              cell: ({ automatic, created_by: by }) => (automatic ? "the retraining rule" : (by ?? "–")),
            },
            { header: "Reason", cell: (promotion) => <span className="cell-words">{reasonOf(promotion)}</span> },
          ]}
        />
      )}
      {promotions.hasNextPage ? (
        <LoadMore busy={promotions.isFetchingNextPage} onMore={() => void promotions.fetchNextPage()} />
      ) : null}
      {rollingBack ? <RollBackDialog study={study} onClose={() => setRollingBack(false)} /> : null}
    </section>
  );
}

function reasonOf({ override_reason: reason, comparison }: Promotion): string {
  if (reason !== "") return reason;
  return comparison.not_worse === true ? "Not worse than the one before." : "–";
}

function ModelLink({ study, models, id }: { study: Study; models: readonly ModelVersion[]; id: string | null }) {
  if (id === null) return <span className="muted">none</span>;
  const model = models.find((one) => one.id === id);
  return <Link to={`/studies/${study.slug}/models/${id}`}>{model ? nameOf(model) : "a model"}</Link>;
}
