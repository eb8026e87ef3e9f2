import { useEffect, useRef, useState } from "react";
import { Button } from "../shared/Button";
import type { RunFeed } from "./runFeed";

/** The end of the run's log. It follows new lines until somebody scrolls up to read. */
export function RunLog({ log, alive }: { log: RunFeed["log"]; alive: boolean }) {
  const box = useRef<HTMLElement>(null);
  const [follows, setFollows] = useState(true);
  useEffect(() => {
    if (follows && box.current !== null && log.length > 0) box.current.scrollTop = box.current.scrollHeight;
  }, [log, follows]);
  return (
    <section className="card stack" aria-labelledby="log">
      <div className="row row-between">
        <h3 id="log">Log</h3>
        {follows || !alive ? null : (
          <Button small onClick={() => setFollows(true)}>
            Follow the end
          </Button>
        )}
      </div>
      {log.length === 0 ? (
        <p className="muted">Nothing was written yet.</p>
      ) : (
        <section
          ref={box}
          className="run-log"
          // biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls must be reachable by keyboard.
          tabIndex={0}
          aria-label="End of the log"
          onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) =>
            setFollows(scrollTop + clientHeight > scrollHeight - 24)
          }
        >
          {log.map(({ id, line }) => (
            <div key={id}>{line}</div>
          ))}
        </section>
      )}
    </section>
  );
}
