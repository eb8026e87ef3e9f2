import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import type { Member, NewMember, Role, Study } from "../../api/types";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { ErrorNote } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { ME_KEY } from "../shared/useMe";
import { useRefreshStudy } from "./useStudy";
import { ROLES } from "./words";

/** Gives somebody who is in the study already one more role: an admin who wants to rate too, for one. */
export function GiveRoleDialog({
  study,
  members,
  onClose,
}: {
  study: Study;
  members: readonly Member[];
  onClose: () => void;
}) {
  const names = [...new Set(members.filter(({ simulated }) => !simulated).map(({ username }) => username))].sort();
  const [username, setUsername] = useState(names[0] ?? "");
  const [role, setRole] = useState<Role>("annotator");
  const refresh = useRefreshStudy(study.slug);
  const queries = useQueryClient();
  const give = useMutation({
    mutationFn: () => api.post(`studies/${study.slug}/members/`, { username, role } satisfies NewMember),
    onSuccess: () => {
      refresh();
      void queries.invalidateQueries({ queryKey: ME_KEY });
      onClose();
    },
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    give.mutate();
  }

  return (
    <Dialog open title="Give a role" onClose={onClose}>
      <p>For people who are in the study already. Others join with an invite link.</p>
      <form onSubmit={submit}>
        <Field label="Member">
          {(control) => (
            <select
              {...control}
              className="input"
              value={username}
              onChange={(event) => setUsername(event.target.value)}
            >
              {names.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Role" hint={ROLES[role].means}>
          {(control) => (
            <select
              {...control}
              className="input"
              value={role}
              onChange={(event) => setRole(event.target.value as Role)}
            >
              {(Object.keys(ROLES) as Role[]).map((name) => (
                <option key={name} value={name}>
                  {ROLES[name].word}
                </option>
              ))}
            </select>
          )}
        </Field>
        {give.error ? <ErrorNote error={give.error} /> : null}
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={give.isPending}>
            Give the role
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
