import "./home.css";
import { useMutation } from "@tanstack/react-query";
import type { FormEvent } from "react";
import { api } from "../../api/client";
import type { PasswordChange } from "../../api/types";
import { Button } from "../shared/Button";
import { ErrorNote, fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { useToast } from "../shared/Toast";
import { useMe } from "../shared/useMe";
import { useTitle } from "../shared/useTitle";
import { EraseSection } from "./EraseSection";
import { formError } from "./formError";
import { TokensSection } from "./TokensSection";

function PasswordSection() {
  const toast = useToast();
  const change = useMutation({
    mutationFn: (body: PasswordChange) => api.post<null>("auth/password/", body),
  });

  const error = formError(change.error, ["old_password", "new_password"]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const body = {
      old_password: String(form.get("old_password") ?? ""),
      new_password: String(form.get("new_password") ?? ""),
    };
    change.mutate(body, {
      onSuccess: () => {
        element.reset();
        toast({ text: "The password is changed. Other browsers are logged out.", tone: "ok" });
      },
    });
  }

  return (
    <section className="card" aria-labelledby="password-title">
      <h2 id="password-title">Password</h2>
      <form className="account-form" onSubmit={submit}>
        <Field label="Present password" errors={fieldErrors(change.error, "old_password")}>
          {(control) => (
            <input
              {...control}
              className="input"
              name="old_password"
              type="password"
              autoComplete="current-password"
              required
            />
          )}
        </Field>
        <Field
          label="New password"
          hint="At least 8 characters, not a common one."
          errors={fieldErrors(change.error, "new_password")}
        >
          {(control) => (
            <input
              {...control}
              className="input"
              name="new_password"
              type="password"
              autoComplete="new-password"
              required
            />
          )}
        </Field>
        {error ? <ErrorNote error={error} /> : null}
        <Button type="submit" busy={change.isPending}>
          Change the password
        </Button>
      </form>
    </section>
  );
}

/** The person's own account: password, API tokens, and the way out. */
export function AccountScreen() {
  useTitle("Account");
  const me = useMe();
  if (!me.data) return null;
  return (
    <div className="page account stack">
      <div>
        <h1 className="flush">Account</h1>
        <p className="muted flush">
          You are <strong>{me.data.username}</strong>.
        </p>
      </div>
      {me.data.has_password ? (
        <>
          <PasswordSection />
          <TokensSection username={me.data.username} />
        </>
      ) : null}
      <EraseSection me={me.data} />
    </div>
  );
}
