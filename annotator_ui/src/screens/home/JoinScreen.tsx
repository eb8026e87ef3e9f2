import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { api } from "../../api/client";
import type { InviteAcceptance, InviteOffer, Me, Role } from "../../api/types";
import { Button, ButtonLink } from "../shared/Button";
import { ErrorNote, fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { Progress } from "../shared/Progress";
import { ME_KEY, useMe } from "../shared/useMe";
import { useTitle } from "../shared/useTitle";
import { DoorCard } from "./DoorCard";
import { formError } from "./formError";
import { LogInForm } from "./LogInForm";

const ROLE_TEXT: Readonly<Record<Role, string>> = {
  annotator: "as an annotator: you rate regions of photographs",
  admin: "as an admin: you run the study",
  ml_engineer: "as an ML engineer: you draw regions and export the labels",
};

function useAccept(token: string, invite: InviteOffer | undefined) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: (body: Partial<InviteAcceptance>) =>
      api.post<Me>(`invites/${encodeURIComponent(token)}/accept/`, body, { quietWhenSignedOut: true }),
    onSuccess: async (me) => {
      queries.setQueryData(ME_KEY, me);
      await queries.invalidateQueries({ queryKey: ["studies"] });
      await navigate(invite === undefined ? "/" : `/studies/${invite.study}`);
    },
  });
}

/** What an invite link opens: which study, which role, and the ways to accept. */
export function JoinScreen() {
  useTitle("Join a study");
  const { token = "" } = useParams();
  const me = useMe();
  const invite = useQuery({
    queryKey: ["invite", token],
    queryFn: () => api.get<InviteOffer>(`invites/${encodeURIComponent(token)}/`, { quietWhenSignedOut: true }),
    staleTime: Number.POSITIVE_INFINITY,
  });
  if (invite.error) {
    return (
      <DoorCard title="This invite cannot be used">
        <ErrorNote error={invite.error} />
        <p className="door-foot">
          <ButtonLink to="/">To the studies</ButtonLink>
        </p>
      </DoorCard>
    );
  }
  if (invite.data === undefined || me.isPending) {
    return (
      <DoorCard title="Join a study">
        <Progress label="Reading the invite" />
      </DoorCard>
    );
  }
  return (
    <DoorCard title={`Join “${invite.data.study_title}”`}>
      <p>
        You are invited {ROLE_TEXT[invite.data.role]}. The link holds until{" "}
        {new Date(invite.data.expires_at).toLocaleDateString("en-GB", { dateStyle: "long" })}.
      </p>
      {me.data ? (
        <AcceptAs me={me.data} token={token} invite={invite.data} />
      ) : (
        <NewOrKnown token={token} invite={invite.data} />
      )}
    </DoorCard>
  );
}

function AcceptAs({ me, token, invite }: { me: Me; token: string; invite: InviteOffer }) {
  const accept = useAccept(token, invite);
  return (
    <>
      {accept.error ? <ErrorNote error={accept.error} /> : null}
      <Button variant="primary" className="door-submit" busy={accept.isPending} onClick={() => accept.mutate({})}>
        Join as {me.username}
      </Button>
    </>
  );
}

function NewOrKnown({ token, invite }: { token: string; invite: InviteOffer }) {
  const [known, setKnown] = useState(false);
  return (
    <>
      <fieldset className="row door-choice">
        <legend className="visually-hidden">Account</legend>
        <Button aria-pressed={!known} onClick={() => setKnown(false)}>
          I am new here
        </Button>
        <Button aria-pressed={known} onClick={() => setKnown(true)}>
          I have an account
        </Button>
      </fieldset>
      {known ? <LogInForm onDone={() => undefined} /> : <NewAccount token={token} invite={invite} />}
    </>
  );
}

function NewAccount({ token, invite }: { token: string; invite: InviteOffer }) {
  const accept = useAccept(token, invite);
  const error = formError(accept.error, ["username", "password"]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    accept.mutate({ username: String(form.get("username") ?? ""), password: String(form.get("password") ?? "") });
  }

  return (
    <form onSubmit={submit} aria-label="New account">
      <Field
        label="User name"
        hint="Admins of the study see it; exports name you by a random number instead."
        errors={fieldErrors(accept.error, "username")}
      >
        {(control) => (
          <input
            {...control}
            className="input"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            maxLength={150}
            required
          />
        )}
      </Field>
      <Field
        label="Password"
        hint="At least 8 characters, not a common one."
        errors={fieldErrors(accept.error, "password")}
      >
        {(control) => (
          <input {...control} className="input" name="password" type="password" autoComplete="new-password" required />
        )}
      </Field>
      {error ? <ErrorNote error={error} /> : null}
      <Button type="submit" variant="primary" className="door-submit" busy={accept.isPending}>
        Make the account and join
      </Button>
    </form>
  );
}
