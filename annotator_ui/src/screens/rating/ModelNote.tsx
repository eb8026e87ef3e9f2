import { missingFields } from "../../state/rating/form";
import { FIELDS } from "../../state/rating/scales";
import type { Current } from "../../state/rating/sessionState";

/** Says whose levels are on the form, and what they are good for. Nothing where no model shows. */
export function ModelNote({ current }: { current: Current }) {
  const { reveal, form } = current;
  if (reveal !== null) {
    const apart = FIELDS.filter((field) => reveal.mine[field] !== reveal.model[field]).length;
    return (
      <div className="model-note" role="status">
        <p>
          <strong>Your answer is stored and stays the label.</strong> A model {sees(apart)}; its levels are the dashed
          ones. It may well be wrong. If you now see it otherwise, change what you like, once.
        </p>
      </div>
    );
  }
  if (form.suggested === undefined) return null;
  const open = missingFields(form).length;
  return (
    <div className="model-note">
      <p>
        <strong>{open === 0 ? "Every level is yours now." : "A model filled in the dashed levels."}</strong>{" "}
        {open === 0
          ? "Submit when you agree with all of them."
          : "Some are wrong, a few on purpose. Look first; answer what you see otherwise, then confirm the rest."}
      </p>
    </div>
  );
}

function sees(apart: number): string {
  if (apart === 0) return "sees this region as you do";
  return apart === 1 ? "sees one thing otherwise" : `sees ${apart} things otherwise`;
}
