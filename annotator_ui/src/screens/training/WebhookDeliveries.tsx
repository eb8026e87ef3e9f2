import { useMutation } from "@tanstack/react-query";
import { api } from "../../api/client";
import { LoadMore } from "../admin/LoadMore";
import { usePages } from "../admin/usePages";
import { formatDateTime, timeAgo } from "../admin/words";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Table } from "../shared/Table";
import type { Delivery } from "./types";

const TONES = { delivered: "ok", pending: "accent", failed: "danger" } as const;

/** The messages that went to an address and what it answered; a test message, and another try of a failed one. */
export function WebhookDeliveries({ path, url }: { path: string; url: string }) {
  const deliveries = usePages<Delivery>(["webhook-deliveries", path], `${path}deliveries/`, { limit: 10 });
  const again = () => void deliveries.refetch();
  const test = useMutation({ mutationFn: () => api.post(`${path}test/`, {}), onSettled: again });
  const retry = useMutation({
    mutationFn: (id: string) => api.post(`${path}deliveries/${id}/retry/`, {}),
    onSettled: again,
  });
  const problem = deliveries.error ?? test.error ?? retry.error;
  return (
    <div className="stack titled">
      <div className="row row-between">
        <h3>Deliveries</h3>
        <div className="row">
          <Button small onClick={again} busy={deliveries.isFetching}>
            Refresh
          </Button>
          <Button small busy={test.isPending} aria-label={`Send a test to ${url}`} onClick={() => test.mutate()}>
            Send a test
          </Button>
        </div>
      </div>
      <Table
        caption="Deliveries"
        rows={deliveries.rows ?? []}
        rowKey={({ id }) => String(id)}
        empty={deliveries.isPending ? undefined : <p className="muted">Nothing was sent yet.</p>}
        columns={[
          {
            header: "When",
            cell: ({ created_at: at }) => (
              <span className="no-break" title={formatDateTime(at)}>
                {timeAgo(at)}
              </span>
            ),
          },
          { header: "Event", cell: ({ event }) => <code>{event}</code> },
          {
            header: "State",
            cell: ({ state }) => <Badge tone={TONES[state]}>{state}</Badge>,
          },
          { header: "Tries", numeric: true, cell: ({ attempts }) => attempts },
          {
            header: "Answer",
            cell: ({ status, error }) => (
              <span className="cell-words">
                {status === null ? "" : `HTTP ${status} `}
                {error}
              </span>
            ),
          },
          {
            header: "Again",
            cell: (delivery) =>
              delivery.state === "failed" ? (
                <Button
                  small
                  busy={retry.isPending && retry.variables === delivery.id}
                  aria-label={`Try ${delivery.event} of ${formatDateTime(delivery.created_at)} again`}
                  onClick={() => retry.mutate(delivery.id)}
                >
                  Try again
                </Button>
              ) : (
                ""
              ),
          },
        ]}
      />
      {problem ? <ErrorNote error={problem} /> : null}
      {deliveries.hasNextPage ? (
        <LoadMore busy={deliveries.isFetchingNextPage} onMore={() => void deliveries.fetchNextPage()} />
      ) : null}
    </div>
  );
}
