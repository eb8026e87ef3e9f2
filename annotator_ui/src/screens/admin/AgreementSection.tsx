import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { Agreement, Study } from "../../api/types";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { studyKey } from "./useStudy";

/** How far the annotators agree on each scale: Krippendorff's alpha for ordered answers. */
export function AgreementSection({ study }: { study: Study }) {
  const agreement = useQuery({
    queryKey: studyKey(study.slug, "agreement"),
    queryFn: () => api.get<Agreement>(`studies/${study.slug}/agreement/`),
    staleTime: 60_000,
  });
  return (
    <section className="card titled" aria-labelledby="agreement">
      <h2 id="agreement">Agreement</h2>
      <p className="muted small">
        Krippendorff's alpha for ordered answers: 1 is perfect agreement, 0 is what chance gives, below 0 is worse than
        chance. It is undefined where every answer is the same.
      </p>
      <p className="small">
        <Link to={`/studies/${study.slug}?tab=agreement`}>All figures, with their intervals and what they mean</Link>
      </p>
      {agreement.error ? <ErrorNote error={agreement.error} onRetry={() => void agreement.refetch()} /> : null}
      {agreement.isPending ? <Progress label="Comparing the answers" /> : null}
      {agreement.data?.rois === 0 ? <p className="muted">There are no ratings to compare yet.</p> : null}
      {agreement.data && agreement.data.rois > 0 ? (
        <Table
          caption="Agreement per scale"
          columns={[
            { header: "Scale", cell: ([scale]) => scale },
            {
              header: "Alpha",
              numeric: true,
              cell: ([, { alpha }]) =>
                alpha === null ? <span className="muted">undefined (no variation)</span> : alpha.toFixed(3),
            },
          ]}
          rows={Object.entries(agreement.data.scales)}
          rowKey={([scale]) => scale}
        />
      ) : null}
    </section>
  );
}
