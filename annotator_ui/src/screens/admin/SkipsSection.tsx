import type { StudyProgress } from "../../api/types";
import { Table } from "../shared/Table";
import { SKIP_REASONS } from "./words";

/** How often annotators could not judge an ROI, by reason. */
export function SkipsSection({ skips }: { skips: StudyProgress["skips"] }) {
  return (
    <section className="card titled" aria-labelledby="skips">
      <h2 id="skips">Skipped, “cannot judge”</h2>
      <Table
        caption="Skips by reason"
        columns={[
          { header: "Reason", cell: ({ reason }) => SKIP_REASONS[reason] },
          { header: "Skips", numeric: true, cell: (row) => row.count },
        ]}
        rows={skips.filter((row) => row.count > 0)}
        rowKey={({ reason }) => reason}
        empty={<p className="muted">Nobody has skipped an ROI.</p>}
      />
    </section>
  );
}
