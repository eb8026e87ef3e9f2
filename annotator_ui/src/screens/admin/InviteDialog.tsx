import "./forms.css";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import type { InviteRequest, NewInvite, Role, Study } from "../../api/types";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { CopyButton } from "./CopyButton";
import { FormError } from "./FormError";
import { useRefreshStudy } from "./useStudy";
import { formatDateTime, ROLES } from "./words";

const ROLE_ORDER: readonly Role[] = ["annotator", "admin", "ml_engineer"];

/** Makes an invite link and shows it, once: the server keeps only a hash of it. */
export function InviteDialog({ study, onClose }: { study: Study; onClose: () => void }) {
  const [role, setRole] = useState<Role>("annotator");
  const [days, setDays] = useState("14");
  const [uses, setUses] = useState(String(study.raters_per_roi));
  const refresh = useRefreshStudy(study.slug);
  const make = useMutation({
    mutationFn: () =>
      api.post<NewInvite>(`studies/${study.slug}/invites/`, {
        role,
        expires_in_days: Number(days),
        max_uses: Number(uses),
      } satisfies InviteRequest),
    onSuccess: refresh,
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    make.mutate();
  }

  if (make.data !== undefined) return <InviteLink invite={make.data} onClose={onClose} />;
  return (
    <Dialog open title="New invite link" onClose={onClose}>
      <form onSubmit={submit}>
        <Field label="Role" hint={ROLES[role].means} errors={fieldErrors(make.error, "role")}>
          {(control) => (
            <select
              {...control}
              className="input"
              value={role}
              onChange={(event) => setRole(event.target.value as Role)}
            >
              {ROLE_ORDER.map((name) => (
                <option key={name} value={name}>
                  {ROLES[name].word}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field
          label="How many people may use it"
          hint="One link can be sent to a whole group."
          errors={fieldErrors(make.error, "max_uses")}
        >
          {(control) => (
            <input
              {...control}
              className="input"
              type="number"
              min={1}
              required
              value={uses}
              onChange={(event) => setUses(event.target.value)}
            />
          )}
        </Field>
        <Field label="Valid for days" hint="1 to 90." errors={fieldErrors(make.error, "expires_in_days")}>
          {(control) => (
            <input
              {...control}
              className="input"
              type="number"
              min={1}
              max={90}
              required
              value={days}
              onChange={(event) => setDays(event.target.value)}
            />
          )}
        </Field>
        <FormError error={make.error} shown={["role", "max_uses", "expires_in_days"]} />
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={make.isPending}>
            Make the link
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function InviteLink({ invite, onClose }: { invite: NewInvite; onClose: () => void }) {
  const link = new URL(invite.url, window.location.href).href;
  return (
    <Dialog
      open
      title="The invite link"
      footer={
        <Button variant="primary" onClick={onClose}>
          Done
        </Button>
      }
    >
      <p>
        Send this link to the people who are to join as {ROLES[invite.role].word}. It is shown only now: copy it before
        you close this. It works {invite.max_uses === 1 ? "once" : `for ${invite.max_uses} people`}, until{" "}
        {formatDateTime(invite.expires_at)}.
      </p>
      <div className="copy-line">
        <input
          className="input mono"
          aria-label="Invite link"
          readOnly
          value={link}
          onFocus={(event) => event.target.select()}
        />
        <CopyButton text={link} label="Copy the invite link" />
      </div>
    </Dialog>
  );
}
