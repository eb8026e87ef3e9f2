/** Tells the page that the log-in ran out, or came back, without anyone leaving the page. */
export type SessionEvent = "signed_out" | "signed_in";

type Listener = () => void;
const listeners: Record<SessionEvent, Set<Listener>> = { signed_out: new Set(), signed_in: new Set() };

/** Calls `listener` at every such event until the returned function is called. */
export function onSession(event: SessionEvent, listener: Listener): () => void {
  listeners[event].add(listener);
  return () => {
    listeners[event].delete(listener);
  };
}

export function announceSession(event: SessionEvent): void {
  for (const listener of [...listeners[event]]) listener();
}
