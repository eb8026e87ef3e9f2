import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { api } from "../../api/client";
import type { Study } from "../../api/types";
import { CopyButton } from "../admin/CopyButton";
import { FormError } from "../admin/FormError";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { fieldErrors } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import type { NewWebhook, WebhookRequest } from "./types";
import { WEBHOOK_EVENTS } from "./words";

type WebhookEvent = WebhookRequest["events"][number];

const EVENTS = Object.keys(WEBHOOK_EVENTS) as WebhookEvent[];

/** Takes an address and events, then shows the secret: once, and never again. */
export function NewWebhookDialog({
  study,
  onMade,
  onClose,
}: {
  study: Study;
  onMade: () => void;
  onClose: () => void;
}) {
  const [url, setUrl] = useState("");
  const [events, setEvents] = useState<readonly WebhookEvent[]>(EVENTS);
  const make = useMutation({
    mutationFn: () =>
      api.post<NewWebhook>(`studies/${study.slug}/webhooks/`, {
        url: url.trim(),
        // One to four of them; the button waits for the first.
        events: events as WebhookRequest["events"],
      } satisfies WebhookRequest),
    onSuccess: onMade,
  });
  if (make.data !== undefined) return <Secret webhook={make.data} onClose={onClose} />;

  function submit(event: FormEvent) {
    event.preventDefault();
    make.mutate();
  }

  const eventErrors = fieldErrors(make.error, "events");
  return (
    <Dialog open title="Add a webhook" onClose={onClose}>
      <form onSubmit={submit}>
        <Field
          label="Address"
          hint="An https address that answers to POST. Addresses inside this server's own network are refused."
          errors={fieldErrors(make.error, "url")}
        >
          {(control) => (
            <input
              {...control}
              className="input"
              type="url"
              required
              maxLength={500}
              placeholder="https://example.org/hooks/roiqa"
              value={url}
              onChange={(event) => setUrl(event.target.value)}
            />
          )}
        </Field>
        <fieldset className="field choices">
          <legend className="field-label">What it is told</legend>
          {EVENTS.map((name) => (
            <label key={name} className="tick">
              <input
                type="checkbox"
                checked={events.includes(name)}
                onChange={(event) =>
                  setEvents((before) =>
                    event.target.checked ? [...before, name] : before.filter((other) => other !== name),
                  )
                }
              />
              <span>
                <code>{name}</code>
                <span className="field-hint">{WEBHOOK_EVENTS[name]}</span>
              </span>
            </label>
          ))}
          {eventErrors.length > 0 ? <span className="field-error">{eventErrors.join(" ")}</span> : null}
        </fieldset>
        <FormError error={make.error} shown={["url", "events"]} />
        <div className="dialog-footer">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" variant="primary" busy={make.isPending} disabled={events.length === 0}>
            Add
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Secret({ webhook, onClose }: { webhook: NewWebhook; onClose: () => void }) {
  // Esc does not close it: what it shows cannot be shown again.
  return (
    <Dialog
      open
      title="Copy the secret now"
      footer={
        <Button variant="primary" onClick={onClose}>
          I have copied it
        </Button>
      }
    >
      <p>
        It is shown this once. The receiver checks the signature of every message with it; without it, delete the
        webhook and add it again.
      </p>
      <div className="copy-line">
        <code className="command">{webhook.secret}</code>
        <CopyButton text={webhook.secret} label="Copy the secret" />
      </div>
    </Dialog>
  );
}
