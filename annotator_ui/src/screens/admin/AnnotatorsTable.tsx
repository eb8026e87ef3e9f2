import type { Study, StudyProgress } from "../../api/types";
import { Badge } from "../shared/Badge";
import { ButtonLink } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { Table } from "../shared/Table";
import { ExclusionControl } from "./ExclusionControl";
import { hasRole } from "./useStudy";
import { formatNumber, formatSeconds, timeAgo } from "./words";

type Annotator = StudyProgress["annotators"][number];

/** The work of every annotator, and the way to leave one out of the labels and to take them in again. */
export function AnnotatorsTable({ study, annotators }: { study: Study; annotators: readonly Annotator[] }) {
  const votes = {
    header: "Votes",
    cell: (row: Annotator) => <ExclusionControl study={study} annotator={row} />,
  };
  return (
    <section className="card" aria-label="Annotators">
      <Table
        caption="Annotators"
        columns={[
          {
            header: "Annotator",
            cell: ({ username, simulated, excluded_at: excluded, exclusion_reason: reason }) => (
              <>
                <span className="row">
                  {username} {simulated ? <Badge>simulated</Badge> : null}
                  {excluded === null ? null : <Badge tone="warn">excluded</Badge>}
                </span>
                {reason ? <span className="muted small">{reason}</span> : null}
              </>
            ),
          },
          {
            header: "Name in exports",
            cell: ({ pseudonym }) => (
              <span className="mono" title={`${pseudonym}: exports show this in place of the user name`}>
                {pseudonym.slice(0, 8)}
              </span>
            ),
          },
          { header: "Rated", numeric: true, cell: ({ rated }) => formatNumber(rated) },
          { header: "Skipped", numeric: true, cell: ({ skipped }) => formatNumber(skipped) },
          {
            header: "Median time",
            numeric: true,
            cell: ({ median_seconds: median }) => (median === null ? "–" : formatSeconds(median)),
          },
          {
            header: "Last active",
            cell: ({ last_active: last }) => (last === null ? <span className="muted">never</span> : timeAgo(last)),
          },
          ...(hasRole(study, "admin") ? [votes] : []),
        ]}
        rows={annotators}
        rowKey={({ member }) => member}
        empty={
          <EmptyState title="No annotators yet" text="Make an invite link and send it to the people who will rate.">
            <ButtonLink to={`/studies/${study.slug}?tab=members`} variant="primary">
              Invite annotators
            </ButtonLink>
          </EmptyState>
        }
      />
    </section>
  );
}
