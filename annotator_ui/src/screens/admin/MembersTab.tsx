import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { Member, Study } from "../../api/types";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { useMe } from "../shared/useMe";
import { ConfirmDialog } from "./ConfirmDialog";
import { InvitesSection } from "./InvitesSection";
import { studyKey, useRefreshStudy } from "./useStudy";
import { formatDate, ROLES } from "./words";

/** Who is in the study and with which role; links that let others in. */
export function MembersTab({ study }: { study: Study }) {
  const members = useQuery({
    queryKey: studyKey(study.slug, "members"),
    queryFn: () => api.all<Member>(`studies/${study.slug}/members/`),
  });
  return (
    <div className="stack">
      <InvitesSection study={study} />
      <section className="card" aria-labelledby="members">
        <h2 id="members">Members</h2>
        {members.error ? <ErrorNote error={members.error} onRetry={() => void members.refetch()} /> : null}
        {members.isPending ? <Progress label="Reading the members" /> : null}
        {members.data ? <MemberRows study={study} members={members.data} /> : null}
      </section>
    </div>
  );
}

function MemberRows({ study, members }: { study: Study; members: readonly Member[] }) {
  const [removing, setRemoving] = useState<Member | null>(null);
  const refresh = useRefreshStudy(study.slug);
  const me = useMe();
  return (
    <>
      <Table
        caption="Members of the study"
        rows={members}
        rowKey={({ id }) => id}
        columns={[
          {
            header: "User name",
            cell: ({ username }) => (
              <span className="row">
                {username} {username === me.data?.username ? <Badge>you</Badge> : null}
              </span>
            ),
          },
          { header: "Role", cell: ({ role }) => <span title={ROLES[role].means}>{ROLES[role].word}</span> },
          { header: "Joined", cell: ({ joined_at: joined }) => formatDate(joined) },
          {
            header: "Votes",
            cell: ({ role, excluded_at: excluded, exclusion_reason: reason }) => {
              if (role !== "annotator") return <span className="muted">–</span>;
              if (excluded === null) return "count";
              return (
                <>
                  <Badge tone="warn">excluded</Badge> <span className="muted small">{reason}</span>
                </>
              );
            },
          },
          {
            header: "Membership",
            cell: (member) => (
              <Button
                small
                aria-label={`Remove ${member.username} as ${ROLES[member.role].word}`}
                onClick={() => setRemoving(member)}
              >
                Remove…
              </Button>
            ),
          },
        ]}
      />
      {removing === null ? null : (
        <ConfirmDialog
          title={`Remove ${removing.username} as ${ROLES[removing.role].word}?`}
          action="Remove"
          danger
          onConfirm={async () => {
            await api.delete(`studies/${study.slug}/members/${removing.id}/`);
            refresh();
          }}
          onClose={() => setRemoving(null)}
        >
          <p>
            They can no longer open the study in this role. What they have rated stays and keeps counting; to leave
            their votes out of the labels, exclude them on the overview instead.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
