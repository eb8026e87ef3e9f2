import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import type { ApiToken, NewApiToken, TokenRequest } from "../../api/types";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { ErrorNote, fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { Table } from "../shared/Table";
import { useToast } from "../shared/Toast";
import { formError } from "./formError";

const TOKENS_KEY = ["tokens"] as const;

const day = (iso: string | null, never: string) =>
  iso === null ? never : new Date(iso).toLocaleDateString("en-GB", { dateStyle: "medium" });

/** Makes a token; the password is asked for, as whoever has a token can do all that the person can. */
function NewTokenDialog({
  username,
  onMade,
  onClose,
}: {
  username: string;
  onMade: (token: NewApiToken) => void;
  onClose: () => void;
}) {
  const make = useMutation({
    mutationFn: (body: TokenRequest) => api.post<NewApiToken>("auth/token/", body, { quietWhenSignedOut: true }),
    onSuccess: onMade,
  });

  function submit(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    make.mutate({ username, name: String(form.get("name") ?? ""), password: String(form.get("password") ?? "") });
  }

  return (
    <Dialog open title="New API token" onClose={onClose}>
      <form onSubmit={submit}>
        <Field label="Name" hint="What it is for." errors={fieldErrors(make.error, "name")}>
          {(control) => <input {...control} className="input" name="name" maxLength={80} required />}
        </Field>
        <Field label="Your password" hint="A token can do all that you can, so the password is asked for again.">
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
        {formError(make.error, ["name"]) ? <ErrorNote error={make.error} /> : null}
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={make.isPending}>
            Make the token
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function ShowOnce({ token, onClose }: { token: NewApiToken; onClose: () => void }) {
  const toast = useToast();
  const [copied, setCopied] = useState(false);

  async function copy() {
    try {
      await navigator.clipboard.writeText(token.token);
      setCopied(true);
    } catch {
      toast({ text: "The browser does not let this page copy: select the token and copy it by hand.", tone: "error" });
    }
  }

  return (
    <Dialog
      open
      title={`Token “${token.name}”`}
      footer={
        <Button variant="primary" onClick={onClose}>
          I have stored it
        </Button>
      }
    >
      <p>Copy it now: it is shown this once, and only its hash is kept.</p>
      <div className="row token-once">
        <code className="token-text">{token.token}</code>
        <Button onClick={() => void copy()}>{copied ? "Copied" : "Copy"}</Button>
      </div>
      <p className="muted small">
        Send it as <code>Authorization: Token …</code>. It holds until {day(token.expires_at, "it is revoked")}.
      </p>
    </Dialog>
  );
}

/** The person's API tokens: list, make, revoke. */
export function TokensSection({ username }: { username: string }) {
  const queries = useQueryClient();
  const toast = useToast();
  const [making, setMaking] = useState(false);
  const [made, setMade] = useState<NewApiToken | null>(null);
  const [revoking, setRevoking] = useState<ApiToken | null>(null);
  const tokens = useQuery({ queryKey: TOKENS_KEY, queryFn: () => api.get<ApiToken[]>("auth/tokens/") });
  const refresh = () => queries.invalidateQueries({ queryKey: TOKENS_KEY });
  const revoke = useMutation({
    mutationFn: (token: ApiToken) => api.delete(`auth/tokens/${token.id}/`),
    onSuccess: async () => {
      setRevoking(null);
      toast({ text: "The token is revoked.", tone: "ok" });
      await refresh();
    },
  });

  return (
    <section className="card stack" aria-labelledby="tokens-title">
      <div className="row row-between">
        <h2 id="tokens-title" className="flush">
          API tokens
        </h2>
        <Button onClick={() => setMaking(true)}>New token</Button>
      </div>
      <p className="muted flush">For scripts that use the API in your name.</p>
      {tokens.error ? <ErrorNote error={tokens.error} onRetry={() => void tokens.refetch()} /> : null}
      {tokens.data ? (
        <Table
          caption="Your tokens"
          rows={tokens.data}
          rowKey={(token) => token.id}
          empty={<p className="muted flush">You have no tokens.</p>}
          columns={[
            { header: "Name", cell: (token) => token.name || "unnamed" },
            { header: "Begins with", cell: (token) => <code>{token.prefix}…</code> },
            { header: "Made", cell: (token) => day(token.created_at, "") },
            { header: "Last used", cell: (token) => day(token.last_used_at, "never") },
            { header: "Holds until", cell: (token) => day(token.expires_at, "revoked") },
            {
              header: "Action",
              cell: (token) => (
                <Button
                  small
                  variant="danger"
                  aria-label={`Revoke ${token.name || token.prefix}`}
                  onClick={() => setRevoking(token)}
                >
                  Revoke
                </Button>
              ),
            },
          ]}
        />
      ) : null}
      {making ? (
        <NewTokenDialog
          username={username}
          onClose={() => setMaking(false)}
          onMade={(token) => {
            setMaking(false);
            setMade(token);
            void refresh();
          }}
        />
      ) : null}
      {made === null ? null : <ShowOnce token={made} onClose={() => setMade(null)} />}
      <Dialog
        open={revoking !== null}
        title="Revoke this token?"
        onClose={() => setRevoking(null)}
        footer={
          <>
            <Button onClick={() => setRevoking(null)}>Keep it</Button>
            <Button
              variant="danger"
              busy={revoke.isPending}
              onClick={() => (revoking === null ? undefined : revoke.mutate(revoking))}
            >
              Revoke
            </Button>
          </>
        }
      >
        <p>
          Scripts that use <strong>{revoking?.name || revoking?.prefix}</strong> stop working at once.
        </p>
        {revoke.error ? <ErrorNote error={revoke.error} /> : null}
      </Dialog>
    </section>
  );
}
