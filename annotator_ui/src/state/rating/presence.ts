import { onSession } from "../../api/session";
import type { Outbox } from "./outbox";
import type { RatingSession } from "./session";

const CHANNEL = "roiqa-rating";
const LOOK_AGAIN_MS = 60_000;
const LONGEST_RENEWAL_MS = 4 * 60_000;

interface FinishedMessage {
  user: string;
  assignment: string;
}

/** How often a lease of so many minutes is renewed: three times within it, and every four minutes at least. */
export function renewalInterval(leaseMinutes: number): number {
  return Math.min(LONGEST_RENEWAL_MS, (leaseMinutes * 60_000) / 3);
}

/** Tells the other tabs of this person that an ROI is finished. Browsers without channels do without it. */
export function announceFinished(user: string, assignment: string): void {
  if (!("BroadcastChannel" in globalThis)) return;
  const channel = new BroadcastChannel(CHANNEL);
  channel.postMessage({ user, assignment } satisfies FinishedMessage);
  channel.close();
}

/** Connects a session with its tab: seen or not, online or not, signed in again, other tabs, leases. */
export function attach(session: RatingSession, outbox: Outbox, user: string, leaseMinutes: number): () => void {
  const control = new AbortController();
  const { signal } = control;
  const retry = () => void session.retry();
  const isVisible = () => document.visibilityState === "visible";

  document.addEventListener(
    "visibilitychange",
    () => {
      session.setVisible(isVisible());
      if (!isVisible()) return;
      void outbox.flush();
      void session.renewLeases();
    },
    { signal },
  );
  window.addEventListener("pagehide", () => session.setVisible(false), { signal });
  window.addEventListener("pageshow", () => session.setVisible(isVisible()), { signal });
  window.addEventListener("blur", () => session.blurred(), { signal });
  window.addEventListener("online", retry, { signal });
  const stopListening = onSession("signed_in", retry);

  const renewal = setInterval(() => void session.renewLeases(), renewalInterval(leaseMinutes));
  const lookAgain = setInterval(() => {
    const { current, idle } = session.getState();
    const mayChange = idle.why === "nothing_left" || (idle.why === "refused" && idle.code === "study_paused");
    if (current === null && mayChange && isVisible()) void session.fill();
  }, LOOK_AGAIN_MS);

  const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel(CHANNEL) : null;
  channel?.addEventListener("message", (event: MessageEvent<FinishedMessage>) => {
    if (event.data.user !== user) return;
    void outbox.refresh();
    void session.finishedElsewhere(event.data.assignment);
  });

  return () => {
    control.abort();
    stopListening();
    clearInterval(renewal);
    clearInterval(lookAgain);
    channel?.close();
  };
}
