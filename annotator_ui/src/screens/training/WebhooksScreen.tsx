import "../admin/forms.css";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { Study } from "../../api/types";
import { ConfirmDialog } from "../admin/ConfirmDialog";
import { studyKey } from "../admin/useStudy";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { NewWebhookDialog } from "./NewWebhookDialog";
import { TrainingPage } from "./TrainingPage";
import type { Webhook } from "./types";
import { WebhookDeliveries } from "./WebhookDeliveries";
import { WEBHOOK_EVENTS } from "./words";

/** Addresses that are told when something happens in the study. */
export function WebhooksScreen() {
  return <TrainingPage>{(study) => <Webhooks study={study} />}</TrainingPage>;
}

function Webhooks({ study }: { study: Study }) {
  const [adding, setAdding] = useState(false);
  const webhooks = useQuery({
    queryKey: studyKey(study.slug, "webhooks"),
    queryFn: () => api.all<Webhook>(`studies/${study.slug}/webhooks/`),
  });
  if (webhooks.data === undefined) {
    return webhooks.isError ? (
      <ErrorNote error={webhooks.error} onRetry={() => void webhooks.refetch()} />
    ) : (
      <Progress label="Reading the webhooks" />
    );
  }
  return (
    <>
      {webhooks.data.length === 0 ? (
        <EmptyState
          title="No webhooks yet"
          text="A webhook is an address of yours that this server posts to when a release is ready, a run ends, a model is promoted or suggestions are computed. Every message is signed, so that the receiver can tell it from anybody else's."
        >
          <Button variant="primary" onClick={() => setAdding(true)}>
            Add a webhook
          </Button>
        </EmptyState>
      ) : (
        <>
          <div className="row row-between">
            <p className="muted">
              Every message is signed with the webhook's secret, tried again with growing pauses when the address does
              not answer, and kept in the log below it.
            </p>
            <Button variant="primary" onClick={() => setAdding(true)}>
              Add a webhook
            </Button>
          </div>
          <ol className="plain-list webhooks">
            {webhooks.data.map((webhook) => (
              <li key={webhook.id}>
                <OneWebhook study={study} webhook={webhook} onGone={() => void webhooks.refetch()} />
              </li>
            ))}
          </ol>
        </>
      )}
      {adding ? (
        <NewWebhookDialog study={study} onMade={() => void webhooks.refetch()} onClose={() => setAdding(false)} />
      ) : null}
    </>
  );
}

function OneWebhook({ study, webhook, onGone }: { study: Study; webhook: Webhook; onGone: () => void }) {
  const [deleting, setDeleting] = useState(false);
  const path = `studies/${study.slug}/webhooks/${webhook.id}/`;
  return (
    <article className="card stack" aria-label={webhook.url}>
      <div className="row row-between">
        <h2 className="webhook-url">{webhook.url}</h2>
        <Button small variant="danger" aria-label={`Delete ${webhook.url}`} onClick={() => setDeleting(true)}>
          Delete…
        </Button>
      </div>
      <ul className="plain-list row" aria-label="Events">
        {webhook.events.map((event) => (
          <li key={event}>
            <Badge title={WEBHOOK_EVENTS[event]}>{event}</Badge>
          </li>
        ))}
      </ul>
      <WebhookDeliveries path={path} url={webhook.url} />
      {deleting ? (
        <ConfirmDialog
          title="Delete this webhook?"
          action="Delete"
          danger
          onConfirm={async () => {
            await api.delete(path);
            onGone();
          }}
          onClose={() => setDeleting(false)}
        >
          <p className="file-name">{webhook.url}</p>
          <p>It is told nothing more, its secret is worthless, and the log of its deliveries goes with it.</p>
        </ConfirmDialog>
      ) : null}
    </article>
  );
}
