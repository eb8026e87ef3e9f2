import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { Study, StudyProgress } from "../../api/types";
import { Badge } from "../shared/Badge";
import { Button, ButtonLink } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { errorText } from "../shared/ErrorNote";
import { Table } from "../shared/Table";
import { useToast } from "../shared/Toast";
import { ExcludeDialog } from "./ExcludeDialog";
import { hasRole, useRefreshStudy } from "./useStudy";
import { formatNumber, formatSeconds, timeAgo } from "./words";

type Annotator = StudyProgress["annotators"][number];

/** The work of every annotator, and the way to leave one out of the labels and to take them in again. */
export function AnnotatorsTable({ study, annotators }: { study: Study; annotators: readonly Annotator[] }) {
  const [excluding, setExcluding] = useState<Annotator | null>(null);
  const refresh = useRefreshStudy(study.slug);
  const toast = useToast();
  const include = useMutation({
    mutationFn: ({ member }: Annotator) => api.post(`studies/${study.slug}/members/${member}/include/`, {}),
    onSuccess: (_, { username }) => toast({ text: `The votes of ${username} count again.`, tone: "ok" }),
    onError: (error) => toast({ text: errorText(error), tone: "error" }),
    onSettled: refresh,
  });
  const votes = {
    header: "Votes",
    cell: (row: Annotator) =>
      row.excluded_at !== null ? (
        <Button
          small
          aria-label={`Include ${row.username} again`}
          busy={include.isPending && include.variables.member === row.member}
          onClick={() => include.mutate(row)}
        >
          Include
        </Button>
      ) : (
        <Button small aria-label={`Exclude ${row.username}`} onClick={() => setExcluding(row)}>
          Exclude…
        </Button>
      ),
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
      {excluding === null ? null : (
        <ExcludeDialog study={study} annotator={excluding} onClose={() => setExcluding(null)} />
      )}
    </section>
  );
}
