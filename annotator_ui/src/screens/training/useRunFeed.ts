import { useEffect, useReducer, useRef, useState } from "react";
import { api } from "../../api/client";
import type { ApiError } from "../../api/errors";
import { followEvents, type StreamEvent, type StreamState } from "../../api/eventStream";
import { EMPTY_FEED, feedAfter, mergedPoints, mergedSamples, type RunFeed } from "./runFeed";
import type { Point, RunPoints, RunSample } from "./types";

type Change =
  | { kind: "events"; events: readonly StreamEvent[] }
  | { kind: "points"; points: readonly Point[]; samples: readonly RunSample[] };

function changed(feed: RunFeed, change: Change): RunFeed {
  if (change.kind === "events") return change.events.reduce(feedAfter, feed);
  return {
    ...feed,
    samples: mergedSamples(change.samples, feed.samples),
    points: mergedPoints(change.points, feed.points),
  };
}

export interface LiveRun {
  feed: RunFeed;
  stream: StreamState;
  error: ApiError | null;
}

/**
 * Follows a run by server-sent events while its page is seen. A hidden tab lets go of its connection, of which a
 * browser allows a host but six, and goes on behind the last event when it is seen again.
 */
export function useRunFeed(runId: string): LiveRun {
  const [feed, change] = useReducer(changed, EMPTY_FEED);
  const [stream, setStream] = useState<StreamState>("connecting");
  const [error, setError] = useState<ApiError | null>(null);
  const visible = useVisible();
  const lastId = useRef("");

  useEffect(() => {
    let gone = false;
    // The curve so far comes thinned and at once; the stream then adds to it.
    api.get<RunPoints>(`training-runs/${runId}/points/`).then(
      (so) => gone || change({ kind: "points", ...so }),
      // The stream tells of what is wrong with the connection.
      () => undefined,
    );
    return () => {
      gone = true;
    };
  }, [runId]);

  useEffect(() => {
    if (!visible) return;
    const stop = new AbortController();
    const pending: StreamEvent[] = [];
    let frame = 0;
    // A long log arrives at once after a reconnection: one drawing for all of it.
    const flush = () => {
      frame = 0;
      change({ kind: "events", events: pending.splice(0) });
    };
    void followEvents(`training-runs/${runId}/events/`, {
      signal: stop.signal,
      lastEventId: lastId.current,
      onEvent: (event) => {
        lastId.current = event.id;
        pending.push(event);
        if (frame === 0) frame = requestAnimationFrame(flush);
      },
      onState: (state, problem) => {
        setStream(state);
        setError(problem);
      },
    });
    return () => {
      stop.abort();
      cancelAnimationFrame(frame);
      if (pending.length > 0) flush();
    };
  }, [runId, visible]);

  return { feed, stream, error };
}

function useVisible(): boolean {
  const [visible, setVisible] = useState(() => !document.hidden);
  useEffect(() => {
    const look = () => setVisible(!document.hidden);
    document.addEventListener("visibilitychange", look);
    return () => document.removeEventListener("visibilitychange", look);
  }, []);
  return visible;
}
