import type { Rating } from "../../api/types";
import type { Outbox } from "./outbox";

/** Longer than this nobody is kept from the next ROI. */
const WAIT_MS = 4_000;

/**
 * What the server answers to the answer for this assignment that is about to be put into the outbox. Null as soon as
 * the outbox cannot send, the server refuses, or it takes too long.
 */
export function replyTo(outbox: Outbox, assignment: string): Promise<Rating | null> {
  return new Promise((resolve) => {
    const done = (rating: Rating | null) => {
      clearTimeout(timer);
      stopListening();
      unsubscribe();
      resolve(rating);
    };
    const timer = setTimeout(() => done(null), WAIT_MS);
    const stopListening = outbox.on({
      sent: (item, rating) => item.assignment === assignment && done(rating),
      refused: (item) => item.assignment === assignment && done(null),
    });
    const unsubscribe = outbox.subscribe(() => outbox.getState().held !== "no" && done(null));
  });
}
