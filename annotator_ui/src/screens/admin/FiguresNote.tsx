import type { Agreement, Screening, Study } from "../../api/types";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { useComputeFigures } from "./useFigures";
import { timeAgo } from "./words";

/** Of which ratings the figures are, and the way to have them made anew: a large study does not do so by itself. */
export function FiguresNote({ study, figures }: { study: Study; figures: Agreement | Screening }) {
  const compute = useComputeFigures(study.slug);
  if (figures.state === "ready" && figures.computed_at !== null) {
    return <p className="muted small">Made {timeAgo(figures.computed_at)} from all ratings that count.</p>;
  }
  const what =
    figures.state === "missing" || figures.computed_at === null
      ? "The figures of this study were never computed."
      : `These figures are of ${timeAgo(figures.computed_at)}; ratings have changed since.`;
  return (
    <div className="card row row-between" role="status">
      <p>
        {what} {figures.job ? "New ones are being made; the page will show them." : "This takes about a minute."}
      </p>
      {figures.job ? null : (
        <Button variant="primary" busy={compute.isPending} onClick={() => compute.mutate()}>
          Compute now
        </Button>
      )}
      {compute.error ? <ErrorNote error={compute.error} /> : null}
    </div>
  );
}
