import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { Member, Study } from "../../api/types";
import { CrowdSection } from "../qualification/CrowdSection";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { useMe } from "../shared/useMe";
import { ConfirmDialog } from "./ConfirmDialog";
import { GiveRoleDialog } from "./GiveRoleDialog";
import { InvitesSection } from "./InvitesSection";
import { studyKey, useRefreshStudy } from "./useStudy";
import { formatDate, ROLES } from "./words";

/** Who is in the study and with which role; links that let others in. */
export function MembersTab({ study }: { study: Study }) {
  const [giving, setGiving] = useState(false);
  const members = useQuery({
    queryKey: studyKey(study.slug, "members"),
    queryFn: () => api.get<Member[]>(`studies/${study.slug}/members/`),
  });
  return (
    <div className="stack">
      <InvitesSection study={study} />
      <CrowdSection study={study} />
      <section className="card titled" aria-labelledby="members">
        <div className="row row-between">
          <h2 id="members">Members</h2>
          {members.data ? <Button onClick={() => setGiving(true)}>Give a role</Button> : null}
        </div>
        {members.error ? <ErrorNote error={members.error} onRetry={() => void members.refetch()} /> : null}
        {members.isPending ? <Progress label="Reading the members" /> : null}
        {members.data ? <MemberRows study={study} members={members.data} /> : null}
        {giving && members.data ? (
          <GiveRoleDialog study={study} members={members.data} onClose={() => setGiving(false)} />
        ) : null}
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
            cell: ({ username, simulated }) => (
              <span className="row">
                {username} {username === me.data?.username ? <Badge>you</Badge> : null}
                {simulated ? <Badge tone="warn">simulated</Badge> : null}
              </span>
            ),
          },
          { header: "Role", cell: ({ role }) => <span title={ROLES[role].means}>{ROLES[role].word}</span> },
          { header: "Joined", cell: ({ joined_at: joined }) => <span className="no-break">{formatDate(joined)}</span> },
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
            They can no longer open the study in this role. An annotator who has had ROIs to rate cannot be removed,
            because the answers stay: exclude them on the overview instead, then their votes no longer count.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
