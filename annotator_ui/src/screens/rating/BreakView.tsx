import { useEffect, useState } from "react";
import { ButtonLink } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";

const TICK_MS = 250;

/** A break by the study's rule: why, how long still, and that nothing has to be done for it to end. */
export function BreakView({ endsAt, rated }: { endsAt: number; rated: number }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const seconds = Math.max(0, Math.ceil((endsAt - now) / 1000));
  const minutes = Math.ceil(seconds / 60);
  return (
    <div className="rating-idle">
      <EmptyState
        title="Time for a break"
        text="Eyes tire before one notices, and tired eyes miss faint distortions. Look out of the window, stretch, have some water."
      >
        <div className="break-clock" role="timer" aria-label={`${seconds} seconds left`} aria-live="off">
          {Math.floor(seconds / 60)}:{String(seconds % 60).padStart(2, "0")}
        </div>
        <p className="visually-hidden" role="status">
          {seconds === 0 ? "The break is over." : `About ${minutes} ${minutes === 1 ? "minute" : "minutes"} left.`}
        </p>
        <p className="muted small">
          {rated > 0 ? `${rated} ${rated === 1 ? "region" : "regions"} rated today; all answers are stored. ` : ""}
          {seconds === 0 ? "The next region is on its way." : "The next region opens by itself when the time is up."}
        </p>
        <div className="row rating-idle-actions">
          <ButtonLink to="/">To the studies</ButtonLink>
        </div>
      </EmptyState>
    </div>
  );
}
