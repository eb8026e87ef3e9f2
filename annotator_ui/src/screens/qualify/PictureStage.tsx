import { useEffect, useState } from "react";
import type { CheckPicture } from "../../api/types";
import { Button } from "../shared/Button";

const QUESTIONS: Readonly<Record<CheckPicture["kind"], string>> = {
  plate: "Which digit do you see?",
  dark: "How many squares do you see on black?",
  light: "How many squares do you see on white?",
};
const COUNTS = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
const DIGITS = [...COUNTS, 9] as const;

/** One picture of the check, and what is seen on it: a digit of a plate, or a number of squares. */
export function PictureStage({
  picture,
  width,
  number,
  total,
  onAnswer,
  onBack,
}: {
  picture: CheckPicture;
  width: number;
  number: number;
  total: number;
  onAnswer: (count: number | null) => void;
  onBack: (() => void) | null;
}) {
  /** Nobody answers to what is not there yet. */
  const [shown, setShown] = useState<"loading" | "there" | "failed">("loading");
  const isPlate = picture.kind === "plate";
  const answers = isPlate ? DIGITS : COUNTS;

  useEffect(() => {
    if (shown !== "there") return;
    const onKey = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
      const digit = /^[0-9]$/.test(event.key) ? Number(event.key) : null;
      if (digit !== null && digit < answers.length) onAnswer(digit);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [onAnswer, answers, shown]);

  return (
    <section className="qualify-card">
      <p className="muted small">
        Picture {number} of {total}
      </p>
      <h2>{QUESTIONS[picture.kind]}</h2>
      <p className="muted">
        {isPlate
          ? "Answer at first sight; do not search."
          : "Some are faint. Count all that you can make out, without changing the brightness meanwhile."}
      </p>
      <img
        className="qualify-picture"
        src={picture.url}
        width={width}
        height={isPlate ? width : width / 2}
        onLoad={() => setShown("there")}
        onError={() => setShown("failed")}
        alt={isPlate ? "A disc of coloured dots" : "A field with faint squares"}
      />
      {shown === "failed" ? (
        <p className="note note-error">The picture did not arrive. Reload this page and begin the check again.</p>
      ) : null}
      <fieldset className="qualify-answers" disabled={shown !== "there"}>
        <legend className="visually-hidden">{QUESTIONS[picture.kind]}</legend>
        {answers.map((count) => (
          <Button key={count} onClick={() => onAnswer(count)}>
            {count}
          </Button>
        ))}
        {isPlate ? <Button onClick={() => onAnswer(null)}>I see no digit</Button> : null}
      </fieldset>
      {onBack === null ? null : (
        <Button variant="quiet" small onClick={onBack}>
          Back to the picture before
        </Button>
      )}
    </section>
  );
}
