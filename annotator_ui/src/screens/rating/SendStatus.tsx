import { useEffect, useState, useSyncExternalStore } from "react";
import { announceSession } from "../../api/session";
import type { Outbox, OutboxItem, OutboxState } from "../../state/rating/outbox";
import { Button } from "../shared/Button";

/** Whether the browser believes that it has a network. */
export function useOnline(): boolean {
  const [online, setOnline] = useState(() => navigator.onLine);
  useEffect(() => {
    const control = new AbortController();
    const { signal } = control;
    window.addEventListener("online", () => setOnline(true), { signal });
    window.addEventListener("offline", () => setOnline(false), { signal });
    return () => control.abort();
  }, []);
  return online;
}

const answers = (count: number) => (count === 1 ? "1 answer waits" : `${count} answers wait`);

function waitingText({ waiting, held, durable }: OutboxState, online: boolean): string | null {
  const count = waiting.length;
  const kept = durable
    ? "Your answers are kept on this device"
    : "This browser stores nothing: keep this page open until they are sent";
  if (held === "signed_out" && count > 0) return `Your log-in has run out. ${kept}; ${answers(count)} to be sent.`;
  if (held === "other_person") {
    return `Somebody else is logged in in this browser. ${answers(count)} here until you log in again yourself.`;
  }
  if (held === "network" || !online) {
    return count > 0 ? `Offline: ${answers(count)} to be sent. ${kept}.` : `Offline. ${kept}.`;
  }
  return null;
}

function RefusedAnswer({ item, outbox }: { item: OutboxItem; outbox: Outbox }) {
  const { code, detail } = item.refusal ?? { code: "", detail: "" };
  // The server has an answer of this person for this ROI: nothing can be sent in its place.
  const isSettled = code === "already_rated" || code === "already_skipped";
  const from = new Date(item.created_at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  return (
    <div className={isSettled ? "note note-warn" : "note note-error"} role="alert">
      <p>
        {isSettled ? `Your answer of ${from} was not needed: ` : `The server refused your answer of ${from}: `}
        {detail}
      </p>
      {isSettled ? null : (
        <Button small onClick={() => void outbox.sendAgain(item.assignment)}>
          Send it again
        </Button>
      )}
      <Button small onClick={() => void outbox.discard(item.assignment)}>
        {isSettled ? "Understood" : "Discard it"}
      </Button>
    </div>
  );
}

/**
 * Says what is not with the server yet, why, and what the server refused. Nothing while all is well; `quiet` also says
 * nothing of a missing network as long as no answer waits.
 */
export function SendStatus({ outbox, quiet = false }: { outbox: Outbox; quiet?: boolean }) {
  const state = useSyncExternalStore(outbox.subscribe, outbox.getState);
  const online = useOnline();
  const text = quiet && state.waiting.length === 0 ? null : waitingText(state, online);
  return (
    <>
      <div role="status">
        {text === null ? null : (
          <div className="note note-warn">
            <p>{text}</p>
            {state.held === "signed_out" ? (
              <Button small onClick={() => announceSession("signed_out")}>
                Log in
              </Button>
            ) : (
              <Button small onClick={() => void outbox.flush()}>
                Try now
              </Button>
            )}
          </div>
        )}
      </div>
      {state.refused.map((item) => (
        <RefusedAnswer key={item.key} item={item} outbox={outbox} />
      ))}
    </>
  );
}
