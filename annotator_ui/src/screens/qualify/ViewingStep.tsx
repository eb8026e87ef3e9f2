import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { BegunCheck, CheckResult, ScreenReport, Standing } from "../../api/types";
import { screenFacts } from "../../state/rating/device";
import { conditionsNow } from "../../state/rating/viewing";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { CardStage } from "./CardStage";
import { PictureStage } from "./PictureStage";
import { RoomStage } from "./RoomStage";

/** What the browser tells of screen and window. */
function screenReport(): ScreenReport {
  const { color_depth, gamut, high_dynamic_range } = screenFacts();
  const { innerWidth, innerHeight, outerWidth } = window;
  return {
    ...conditionsNow(),
    window_width: Math.max(1, innerWidth),
    window_height: Math.max(1, innerHeight),
    zoom: outerWidth > 0 ? Math.min(20, Math.max(0.05, outerWidth / innerWidth)) : 1,
    color_depth,
    gamut,
    high_dynamic_range,
  };
}

type Seen = { card_px: number; card_side: "long" | "short"; counts: (number | null)[] };

/** The check of the screen: size by a bank card, dotted plates, dark and light squares, and the room. */
export function ViewingStep({
  slug,
  standing,
  onDone,
}: {
  slug: string;
  standing: Standing;
  onDone: () => Promise<void>;
}) {
  const [check, setCheck] = useState<BegunCheck | null>(null);
  const [seen, setSeen] = useState<Seen | null>(null);
  const [result, setResult] = useState<CheckResult | null>(null);
  const begin = useMutation({
    mutationFn: () => api.post<BegunCheck>(`studies/${slug}/viewing-checks/`, screenReport()),
    onSuccess: (begun) => {
      setSeen(null);
      setResult(null);
      setCheck(begun);
    },
  });
  const answer = useMutation({
    mutationFn: (room: { distance_cm: number | null; room: string | null }) => {
      if (check === null || seen === null) throw new Error("The check has not been begun: begin it again.");
      const plates = check.pictures.filter(({ kind }) => kind === "plate").length;
      return api.post<CheckResult>(`viewing-checks/${check.id}/answer/`, {
        card_px: seen.card_px,
        card_side: seen.card_side,
        plates: seen.counts.slice(0, plates),
        dark: seen.counts[plates] ?? 0,
        light: seen.counts[plates + 1] ?? 0,
        ...room,
      });
    },
    onSuccess: setResult,
  });

  if (result !== null) {
    return <Result result={result} onAgain={() => begin.mutate()} onDone={onDone} error={begin.error} />;
  }
  if (check === null) return <Welcome standing={standing} begin={begin} />;
  if (seen === null) {
    return (
      <CardStage cardMm={check.card_mm} onDone={(card_px, card_side) => setSeen({ card_px, card_side, counts: [] })} />
    );
  }
  const picture = check.pictures[seen.counts.length];
  if (picture !== undefined) {
    return (
      <PictureStage
        key={picture.url}
        picture={picture}
        width={check.picture_px}
        number={seen.counts.length + 1}
        total={check.pictures.length}
        onAnswer={(count) => setSeen({ ...seen, counts: [...seen.counts, count] })}
        onBack={seen.counts.length === 0 ? null : () => setSeen({ ...seen, counts: seen.counts.slice(0, -1) })}
      />
    );
  }
  return <RoomStage busy={answer.isPending} error={answer.error} onDone={(room) => answer.mutate(room)} />;
}

function Welcome({
  standing,
  begin,
}: {
  standing: Standing;
  begin: { mutate: () => void; isPending: boolean; error: unknown };
}) {
  const elsewhere = standing.checks.length > 0;
  return (
    <section className="qualify-card">
      <h2>Check your screen</h2>
      {elsewhere ? (
        <p className="note note-warn">
          You have checked your screen before, but screen or zoom are different now. Set the zoom back (Ctrl 0) or
          return to that screen to go on at once, or check this one.
        </p>
      ) : null}
      <p>
        What you can judge depends on the screen. This takes about two minutes and is asked again after{" "}
        {standing.recheck_days} days, or when screen or zoom change.
      </p>
      <ul>
        <li>Have a bank card or any card of that size at hand.</li>
        <li>Sit as you will sit while rating; avoid light falling on the screen.</li>
        <li>Switch off night light, dark-mode filters and inverted colours. Wear your glasses if you use them.</li>
      </ul>
      <p className="muted small">
        The dotted plates are a screening made for this program, not a medical test: they tell nothing certain about
        your eyes. The study keeps what you answer here and what your browser says of the screen, no name beside it.
      </p>
      {begin.error ? <ErrorNote error={begin.error} /> : null}
      <div className="row">
        <Button variant="primary" busy={begin.isPending} onClick={() => begin.mutate()}>
          Begin the check
        </Button>
      </div>
    </section>
  );
}

function Result({
  result,
  onAgain,
  onDone,
  error,
}: {
  result: CheckResult;
  onAgain: () => void;
  onDone: () => Promise<void>;
  error: unknown;
}) {
  return (
    <section className="qualify-card" aria-live="polite">
      <h2>{result.passed ? "This screen is good" : "Not quite yet"}</h2>
      {result.problems.length === 0 ? <p>Everything was seen as it should be.</p> : null}
      <ul>
        {result.problems.map(({ code, text, blocks }) => (
          <li key={code}>
            {text} {blocks ? null : <span className="muted">This is only noted and holds nobody up.</span>}
          </li>
        ))}
      </ul>
      {error ? <ErrorNote error={error} /> : null}
      <div className="row">
        {result.passed ? (
          <Button variant="primary" onClick={() => void onDone()}>
            Go on
          </Button>
        ) : null}
        {result.passed && result.problems.length === 0 ? null : (
          <Button variant={result.passed ? "secondary" : "primary"} onClick={onAgain}>
            Check again
          </Button>
        )}
      </div>
    </section>
  );
}
