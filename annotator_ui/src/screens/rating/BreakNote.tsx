import { useEffect, useState } from "react";
import { Button } from "../shared/Button";

/** BT.500 asks for sessions of half an hour at most; these are the limits that specs for this kind of study advise. */
const MINUTES = 25;
const ROIS = 50;

/** Reminds of a break after 25 minutes or 50 ROIs without one. It only says so: nobody is stopped. */
export function BreakNote({ ratedHere, onPause }: { ratedHere: number; onPause: () => void }) {
  const [from, setFrom] = useState(() => ({ at: Date.now(), rated: ratedHere }));
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 30_000);
    return () => clearInterval(timer);
  }, []);
  const minutes = Math.floor((now - from.at) / 60_000);
  const rated = ratedHere - from.rated;
  if (minutes < MINUTES && rated < ROIS) return null;
  const startOver = () => setFrom({ at: Date.now(), rated: ratedHere });
  return (
    <div className="note" role="status">
      <p>
        You have rated {rated} {rated === 1 ? "region" : "regions"} in {Math.max(1, minutes)} min. A few minutes away
        from the screen keep your eye steady.
      </p>
      <Button
        small
        onClick={() => {
          startOver();
          onPause();
        }}
      >
        Take a break
      </Button>
      <Button small variant="quiet" onClick={startOver}>
        Later
      </Button>
    </div>
  );
}
