import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { Invite, Study } from "../../api/types";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Table } from "../shared/Table";
import { ConfirmDialog } from "./ConfirmDialog";
import { InviteDialog } from "./InviteDialog";
import { studyKey, useRefreshStudy } from "./useStudy";
import { formatDateTime, ROLES } from "./words";

/** The links that are out, and a new one. */
export function InvitesSection({ study }: { study: Study }) {
  const [making, setMaking] = useState(false);
  const invites = useQuery({
    queryKey: studyKey(study.slug, "invites"),
    queryFn: () => api.get<Invite[]>(`studies/${study.slug}/invites/`),
  });
  return (
    <section className="card titled" aria-labelledby="invites">
      <div className="row row-between">
        <h2 id="invites">Invites</h2>
        <Button variant="primary" onClick={() => setMaking(true)}>
          New invite link
        </Button>
      </div>
      <p className="muted">
        Whoever opens an invite link can make an account and joins this study. Sign-up without a link is closed.
      </p>
      {invites.error ? <ErrorNote error={invites.error} onRetry={() => void invites.refetch()} /> : null}
      {invites.data ? <InviteRows study={study} invites={invites.data} /> : null}
      {making ? <InviteDialog study={study} onClose={() => setMaking(false)} /> : null}
    </section>
  );
}

function InviteRows({ study, invites }: { study: Study; invites: readonly Invite[] }) {
  const [revoking, setRevoking] = useState<Invite | null>(null);
  const refresh = useRefreshStudy(study.slug);
  return (
    <>
      <Table
        caption="Invite links"
        rows={invites}
        rowKey={({ id }) => id}
        empty={<p className="muted">No invite link has been made yet.</p>}
        columns={[
          { header: "Joins as", cell: ({ role }) => ROLES[role].word },
          { header: "Used", numeric: true, cell: ({ uses, max_uses: most }) => `${uses} of ${most}` },
          {
            header: "Valid until",
            cell: (invite) => (
              <span className="row">
                {formatDateTime(invite.expires_at)} {whyOver(invite) ? <Badge>{whyOver(invite)}</Badge> : null}
              </span>
            ),
          },
          {
            header: "Link",
            cell: (invite) => (
              <Button
                small
                aria-label={`Revoke the ${ROLES[invite.role].word} invite valid until ${formatDateTime(invite.expires_at)}`}
                onClick={() => setRevoking(invite)}
              >
                Revoke…
              </Button>
            ),
          },
        ]}
      />
      {revoking === null ? null : (
        <ConfirmDialog
          title="Revoke this invite link?"
          action="Revoke"
          danger
          onConfirm={async () => {
            await api.delete(`studies/${study.slug}/invites/${revoking.id}/`);
            refresh();
          }}
          onClose={() => setRevoking(null)}
        >
          <p>The link stops working at once. Who has already joined with it stays a member.</p>
        </ConfirmDialog>
      )}
    </>
  );
}

/** Why a link no longer works, or null while it does. */
function whyOver({ expires_at: end, uses, max_uses: most }: Invite): string | null {
  if (uses >= most) return "used up";
  return new Date(end) <= new Date() ? "expired" : null;
}
