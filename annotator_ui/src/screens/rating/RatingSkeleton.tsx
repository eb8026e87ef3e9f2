import { FIELDS } from "../../state/rating/scales";

/** The shape of the page while its first ROI comes. */
export function RatingSkeleton() {
  return (
    <div className="rating">
      <div className="rating-view">
        <div className="rating-stage" />
      </div>
      <section className="rating-panel" aria-label="Your rating" aria-busy="true">
        <p role="status" className="visually-hidden">
          Opening the next region
        </p>
        <div className="rating-skeleton" aria-hidden="true">
          {FIELDS.map((field) => (
            <div key={field} />
          ))}
        </div>
      </section>
    </div>
  );
}
