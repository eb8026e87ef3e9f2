import { useMutation, useQueryClient } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { api } from "../../api/client";
import { ApiError } from "../../api/errors";
import { announceSession } from "../../api/session";
import type { Credentials, Me } from "../../api/types";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { ME_KEY } from "../shared/useMe";

/** Name and password; `onDone` is called when the session stands. */
export function LogInForm({ onDone }: { onDone: (me: Me) => void }) {
  const queries = useQueryClient();
  const logIn = useMutation({
    mutationFn: (body: Credentials) => api.post<Me>("auth/login/", body, { quietWhenSignedOut: true }),
    onSuccess: (me) => {
      // Nothing that somebody else saw in this browser stays.
      queries.removeQueries({ type: "inactive" });
      queries.setQueryData(ME_KEY, me);
      announceSession("signed_in");
      onDone(me);
    },
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    logIn.mutate({ username: String(form.get("username") ?? ""), password: String(form.get("password") ?? "") });
  }

  return (
    <form onSubmit={submit} aria-label="Log in">
      <Field label="User name">
        {(control) => (
          <input
            {...control}
            className="input"
            name="username"
            autoComplete="username"
            autoCapitalize="none"
            required
          />
        )}
      </Field>
      <Field label="Password">
        {(control) => (
          <input
            {...control}
            className="input"
            name="password"
            type="password"
            autoComplete="current-password"
            required
          />
        )}
      </Field>
      {logIn.error ? <LogInError error={logIn.error} /> : null}
      <Button type="submit" variant="primary" className="door-submit" busy={logIn.isPending}>
        {logIn.isPending ? "Logging in …" : "Log in"}
      </Button>
    </form>
  );
}

function LogInError({ error }: { error: unknown }) {
  if (error instanceof ApiError && error.status === 429) {
    return (
      <div className="note note-warn" role="alert">
        <p>Too many attempts. Wait a minute, then try again; your account is not locked.</p>
      </div>
    );
  }
  return <ErrorNote error={error} />;
}
