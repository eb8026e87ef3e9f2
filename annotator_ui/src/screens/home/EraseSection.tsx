import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { useNavigate } from "react-router";
import { api } from "../../api/client";
import type { Me } from "../../api/types";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { ErrorNote, fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { useToast } from "../shared/Toast";
import { ME_KEY } from "../shared/useMe";
import { formError } from "./formError";

/** Erasing one's own account: what goes, what stays, and no way back. */
export function EraseSection({ me }: { me: Me }) {
  const [asking, setAsking] = useState(false);
  return (
    <section className="card" aria-labelledby="erase-title">
      <h2 id="erase-title">Erase my account</h2>
      <p>
        Your name, password, tokens and every way to find out that it was you are deleted. What you have rated stays in
        the studies under a random number. This cannot be taken back.
      </p>
      <Button variant="danger" onClick={() => setAsking(true)}>
        Erase my account…
      </Button>
      {asking ? <EraseDialog me={me} onClose={() => setAsking(false)} /> : null}
    </section>
  );
}

function EraseDialog({ me, onClose }: { me: Me; onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const toast = useToast();
  const erase = useMutation({
    mutationFn: (password: string) => api.post("auth/erase/", me.has_password ? { password } : {}),
    onSuccess: async () => {
      await navigate("/login");
      queries.clear();
      queries.setQueryData(ME_KEY, null);
      toast({ text: "Your account is erased. Thank you for what you have given.", tone: "ok", durationMs: 10_000 });
    },
  });
  const error = formError(erase.error, ["password"]);

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    erase.mutate(String(new FormData(event.currentTarget).get("password") ?? ""));
  }

  return (
    <Dialog open title={`Erase ${me.username}?`} onClose={onClose}>
      <form onSubmit={submit}>
        <ul>
          <li>Gone: user name, e-mail address, password, API tokens, log-ins, and ids of crowd platforms.</li>
          <li>Stays: your ratings and when you agreed to take part, under a random number.</li>
          <li>What waits unsent on this device is not sent any more.</li>
        </ul>
        {me.has_password ? (
          <Field label="Password" errors={fieldErrors(erase.error, "password")}>
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
        ) : null}
        {error ? <ErrorNote error={error} /> : null}
        <div className="dialog-footer">
          <Button onClick={onClose}>Keep the account</Button>
          <Button type="submit" variant="danger" busy={erase.isPending}>
            Erase for good
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
