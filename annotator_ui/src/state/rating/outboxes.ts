import { onSession } from "../../api/session";
import { pruneDrafts } from "./drafts";
import { Outbox } from "./outbox";
import { ratingServer } from "./server";
import { type LocalStore, openStore } from "./storage";

let opened: Promise<LocalStore> | null = null;

/** This browser's store, opened once per page. */
export function localStore(): Promise<LocalStore> {
  opened ??= openStore().then((store) => {
    pruneDrafts(store, Date.now()).catch(() => undefined);
    return store;
  });
  return opened;
}

interface Active {
  user: string;
  outbox: Promise<Outbox>;
  stop: () => void;
}

let active: Active | null = null;

async function openOutbox(user: string, signal: AbortSignal): Promise<Outbox> {
  const outbox = new Outbox({ store: await localStore(), server: ratingServer, user });
  const flush = () => void outbox.flush();
  window.addEventListener("online", flush, { signal });
  const stopListening = onSession("signed_in", flush);
  const warn = (event: BeforeUnloadEvent) => {
    const { waiting, durable } = outbox.getState();
    // Only when leaving would really lose something: what is stored needs no question.
    if (waiting.length > 0 && !durable) event.preventDefault();
  };
  window.addEventListener("beforeunload", warn, { signal });
  signal.addEventListener("abort", () => {
    stopListening();
    outbox.stop();
  });
  await outbox.refresh();
  return outbox;
}

/** The outbox of the person who is signed in: one per page, whichever screen asks. */
export function outboxOf(user: string): Promise<Outbox> {
  if (active?.user !== user) {
    active?.stop();
    const control = new AbortController();
    active = { user, outbox: openOutbox(user, control.signal), stop: () => control.abort() };
  }
  return active.outbox;
}
