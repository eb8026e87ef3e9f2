import { useEffect, useRef } from "react";
import { DISTORTIONS } from "../../api/types";
import { FIELD_LABELS, type Field, IMPORTANCE_WORDS, QUALITY_WORDS, SEVERITY_WORDS } from "../../state/rating/scales";
import { Button } from "../shared/Button";
import { Kbd } from "../shared/Kbd";
import {
  DISTORTION_GUIDE,
  IMPORTANCE_GUIDE,
  IMPORTANCE_QUESTION,
  QUALITY_GUIDE,
  QUALITY_QUESTION,
  SEVERITY_GUIDE,
} from "./guide";

function Levels({ words, meanings }: { words: readonly string[]; meanings: readonly string[] }) {
  return (
    <dl className="guide-levels">
      {words.map((word, level) => (
        <div key={word}>
          <dt>
            <Kbd>{level}</Kbd> {word}
          </dt>
          <dd>{meanings[level]}</dd>
        </div>
      ))}
    </dl>
  );
}

const KEYS: readonly (readonly [keys: readonly string[], does: string])[] = [
  [["0", "5"], "answer the current row and go to the next"],
  [["↑", "↓"], "change the row"],
  [["←", "→"], "change the level"],
  [["Enter"], "submit; goes to what is missing"],
  [["N"], "no visible distortion"],
  [["X"], "cannot judge"],
  [["U"], "undo: open your last ROI again"],
  [["H"], "hold to hide the outline (Space does the same)"],
  [["+", "−"], "zoom"],
  [["Shift", "arrows"], "move the image"],
  [["P"], "pause"],
  [["G"], "this guide"],
];

/** Meaning of every question and level, beside the ROI; rating goes on while it is open. */
export function GuideDrawer({ field, text, onClose }: { field: Field; text: string; onClose: () => void }) {
  const body = useRef<HTMLDivElement>(null);

  useEffect(() => {
    body.current?.querySelector(`[data-field="${field}"]`)?.scrollIntoView?.({ block: "nearest" });
  }, [field]);

  return (
    <aside className="guide" aria-label="Guide">
      <header className="guide-head">
        <h2>Guide</h2>
        <Button small aria-label="Close the guide" onClick={onClose}>
          Close <Kbd>G</Kbd>
        </Button>
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrolling region must be reachable by keyboard. */}
      <section className="guide-body" ref={body} tabIndex={0} aria-label="Guide text">
        <p>Judge only what is inside the outline, as you see it on your screen.</p>
        {text.trim() === "" ? null : (
          <section className="guide-study">
            <h3>For this study</h3>
            <p>{text}</p>
          </section>
        )}
        <section>
          <h3>Distortions</h3>
          <dl className="guide-fields">
            {DISTORTIONS.map((name) => (
              <div key={name} data-field={name} data-current={name === field || undefined}>
                <dt>{FIELD_LABELS[name]}</dt>
                <dd>{DISTORTION_GUIDE[name]}</dd>
              </div>
            ))}
          </dl>
          <h3>How strong is it?</h3>
          <Levels words={SEVERITY_WORDS} meanings={SEVERITY_GUIDE} />
        </section>
        <section data-field="quality" data-current={field === "quality" || undefined}>
          <h3>Quality</h3>
          <p>{QUALITY_QUESTION}</p>
          <Levels words={QUALITY_WORDS} meanings={QUALITY_GUIDE} />
        </section>
        <section data-field="importance" data-current={field === "importance" || undefined}>
          <h3>Importance</h3>
          <p>{IMPORTANCE_QUESTION}</p>
          <Levels words={IMPORTANCE_WORDS} meanings={IMPORTANCE_GUIDE} />
        </section>
        <section>
          <h3>Keys</h3>
          <dl className="guide-keys">
            {KEYS.map(([keys, does]) => (
              <div key={does}>
                <dt>
                  {keys.map((key, index) => (
                    <span key={key}>
                      {index > 0 ? (key === "5" ? " … " : " ") : ""}
                      <Kbd>{key}</Kbd>
                    </span>
                  ))}
                </dt>
                <dd>{does}</dd>
              </div>
            ))}
          </dl>
        </section>
      </section>
    </aside>
  );
}
