import { useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { api } from "../../api/client";
import { announceSession, onSession } from "../../api/session";
import type { Me } from "../../api/types";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { ErrorNote } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { ME_KEY } from "../shared/useMe";

/** Asks for the password again, over whatever page is open, when the log-in ran out; nothing on the page is lost. */
export function LogInAgain({ me }: { me: Me }) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const queries = useQueryClient();
  useEffect(() => onSession("signed_out", () => setOpen(true)), []);

  async function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const password = String(new FormData(event.currentTarget).get("password") ?? "");
    setBusy(true);
    setError(null);
    try {
      const again = await api.post<Me>(
        "auth/login/",
        { username: me.username, password },
        { quietWhenSignedOut: true },
      );
      queries.setQueryData(ME_KEY, again);
      setOpen(false);
      announceSession("signed_in");
      await queries.invalidateQueries();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Dialog open={open} title="Log in again">
      <p>Your log-in has run out. Your work is still here: enter your password to go on.</p>
      <form onSubmit={(event) => void submit(event)}>
        <p>
          Signed in as <strong>{me.username}</strong>.
        </p>
        <input hidden type="text" name="username" autoComplete="username" value={me.username} readOnly />
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
        {error === null ? null : <ErrorNote error={error} />}
        <div className="dialog-footer">
          <Button type="submit" variant="primary" busy={busy}>
            Log in
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
