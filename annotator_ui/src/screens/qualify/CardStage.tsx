import { useState } from "react";
import { Button } from "../shared/Button";

/** CSS pixels per millimetre before anything is known: what CSS itself believes. */
const NOMINAL_PX_PER_MM = 96 / 25.4;
const RANGE = { least: 0.4, most: 3 } as const;

/** A bank card drawn on the screen, to be made as large as a real one that is held against it. */
export function CardStage({
  cardMm,
  onDone,
}: {
  cardMm: Readonly<Record<string, number>>;
  onDone: (cardPx: number, side: "long" | "short") => void;
}) {
  const long = cardMm.long ?? 85.6;
  const short = cardMm.short ?? 53.98;
  // On a telephone only the short side of the card fits.
  const [upright, setUpright] = useState(() => window.innerWidth < 600);
  const [scale, setScale] = useState(1);
  const width = (upright ? short : long) * NOMINAL_PX_PER_MM * scale;
  const height = (upright ? long : short) * NOMINAL_PX_PER_MM * scale;
  return (
    <section className="qualify-card qualify-wide">
      <h2>How large is your screen?</h2>
      <p>
        Hold a bank card flat against the screen, over the card below, and drag the slider until both have the same
        width. Any card of that size does: a driving licence, a library card.
      </p>
      <label className="qualify-slider">
        <span>Size of the card</span>
        <input
          type="range"
          min={RANGE.least}
          max={RANGE.most}
          step={0.005}
          value={scale}
          aria-valuetext={`${Math.round(width)} pixels wide`}
          onChange={(event) => setScale(Number(event.target.value))}
        />
      </label>
      <div className="qualify-card-stage">
        <div className="bank-card" style={{ width, height }} data-upright={upright || undefined}>
          <span className="bank-card-chip" />
        </div>
      </div>
      <div className="row">
        <Button variant="primary" onClick={() => onDone(width, upright ? "short" : "long")}>
          It has the size of my card
        </Button>
        <Button onClick={() => setUpright((before) => !before)}>
          {upright ? "Lay the card down" : "Turn the card upright"}
        </Button>
      </div>
    </section>
  );
}
