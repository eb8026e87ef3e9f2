import { useEffect, useState } from "react";
import type { Outbox } from "../../state/rating/outbox";
import { outboxOf } from "../../state/rating/outboxes";
import { SendStatus } from "../rating/SendStatus";

/** Sends answers that an earlier visit left in this browser, and says so while it cannot. */
export function WaitingAnswers({ user }: { user: string }) {
  const [outbox, setOutbox] = useState<Outbox | null>(null);
  useEffect(() => {
    let left = false;
    void outboxOf(user).then((opened) => {
      if (left) return;
      setOutbox(opened);
      void opened.flush();
    });
    return () => {
      left = true;
    };
  }, [user]);
  return outbox === null ? null : <SendStatus outbox={outbox} quiet />;
}
