import "../admin/forms.css";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import type { ConsentText } from "../../api/types";
import { Prose } from "../admin/Prose";
import { Button, ButtonLink } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";

/** The text of the study's admins, and agreeing to this version of it. */
export function ConsentStep({
  slug,
  consent,
  onDone,
}: {
  slug: string;
  consent: ConsentText;
  onDone: () => Promise<void>;
}) {
  const [agreed, setAgreed] = useState(false);
  const give = useMutation({
    mutationFn: () => api.post(`studies/${slug}/qualification/consent/`, { version: consent.version }),
    onSettled: onDone,
  });

  function submit(event: FormEvent) {
    event.preventDefault();
    give.mutate();
  }

  return (
    <form className="qualify-card" onSubmit={submit} aria-labelledby="consent-title">
      <h2 id="consent-title">Before you take part</h2>
      <div className="qualify-text">
        <Prose text={consent.text} />
      </div>
      <label className="tick">
        <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.target.checked)} />
        <span>
          I have read this and agree to take part.
          <span className="field-hint">
            Version {consent.version}. You can take it back at any time on this page; your account can be erased on your
            account page.
          </span>
        </span>
      </label>
      {give.error ? <ErrorNote error={give.error} /> : null}
      <div className="row">
        <Button type="submit" variant="primary" disabled={!agreed} busy={give.isPending}>
          Agree and go on
        </Button>
        <ButtonLink to="/">Not now</ButtonLink>
      </div>
    </form>
  );
}
