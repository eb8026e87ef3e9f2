import { useEffect, useRef, useState } from "react";
import { prefetchBitmap } from "../../canvas/bitmaps";
import { browserClock, screenFacts } from "../../state/rating/device";
import { newUUID } from "../../state/rating/identity";
import type { Outbox } from "../../state/rating/outbox";
import { localStore, outboxOf } from "../../state/rating/outboxes";
import { outlineOf } from "../../state/rating/outlines";
import { announceFinished, attach } from "../../state/rating/presence";
import { ratingServer } from "../../state/rating/server";
import { RatingSession } from "../../state/rating/session";

export interface OpenSession {
  session: RatingSession;
  outbox: Outbox;
}

async function openSession(study: string, user: string, reveals: () => boolean): Promise<OpenSession> {
  const [store, outbox] = await Promise.all([localStore(), outboxOf(user)]);
  const session = new RatingSession({
    study,
    user,
    writer: newUUID(),
    server: ratingServer,
    store,
    outbox,
    clock: browserClock,
    screen: screenFacts(),
    prefetch: ({ image, roi }) => {
      prefetchBitmap(image.file_url);
      outlineOf(roi);
    },
    isVisible: () => document.visibilityState === "visible",
    reveals,
    finished: (assignment) => announceFinished(user, assignment),
  });
  return { session, outbox };
}

/** The rating session of this tab; null while the browser's store opens. Throws in render what it cannot mend. */
export function useSession(
  study: string,
  user: string,
  { leaseMinutes, reveals }: { leaseMinutes: number; reveals: boolean },
): OpenSession | null {
  // The study may be known later than the first ROI.
  const isRevealing = useRef(reveals);
  useEffect(() => {
    isRevealing.current = reveals;
  }, [reveals]);
  const [open, setOpen] = useState<OpenSession | null>(null);
  const [failure, setFailure] = useState<unknown>(null);

  useEffect(() => {
    let left = false;
    let session: RatingSession | null = null;
    openSession(study, user, () => isRevealing.current)
      .then(async (opened) => {
        if (left) return;
        session = opened.session;
        setOpen(opened);
        await session.start();
      })
      .catch(setFailure);
    return () => {
      left = true;
      session?.stop();
      setOpen(null);
    };
  }, [study, user]);

  useEffect(() => {
    if (open === null) return;
    return attach(open.session, open.outbox, user, leaseMinutes);
  }, [open, user, leaseMinutes]);

  if (failure !== null) throw failure;
  return open;
}
