import type { Study } from "../../api/types";
import { Badge } from "../shared/Badge";
import { ButtonLink } from "../shared/Button";
import { count } from "./words";

/** The way from an empty study to labels, shown until there is something to rate. */
export function SetupSteps({ study, annotators }: { study: Study; annotators: number }) {
  const base = `/studies/${study.slug}`;
  const images = study.counts.images;
  const steps = [
    {
      title: "Import the images",
      text: images === 0 ? "Files, folders, a zip, or COCO JSON with ROIs." : `${count(images, "image")} so far.`,
      done: images > 0,
      to: `${base}/images`,
      action: "Import images",
    },
    {
      title: "Mark the regions to be rated (ROIs)",
      text: "Open an image and draw, or import a COCO JSON file together with its images.",
      done: false,
      to: `${base}/images`,
      action: "Open the images",
    },
    {
      title: "Invite annotators",
      text:
        `Each ROI is rated by ${study.raters_per_roi} different people. ` +
        (annotators === 0
          ? "Nobody is invited yet."
          : `${count(annotators, "annotator has", "annotators have")} joined.`),
      done: annotators >= study.raters_per_roi,
      to: `${base}?tab=members`,
      action: "Invite annotators",
    },
    {
      title: "Watch the ratings come in, then freeze a release",
      text: "Progress, pace and agreement appear on this page. A release fixes the labels and is what you export.",
      done: false,
      to: `${base}/releases`,
      action: "Releases",
    },
  ];
  const next = steps.findIndex(({ done }) => !done);
  return (
    <section className="card" aria-labelledby="setup">
      <h2 id="setup">Set the study up</h2>
      <ol className="plain-list steps">
        {steps.map(({ title, text, done, to, action }, index) => (
          <li key={title}>
            <span className="step-number" aria-hidden="true">
              {index + 1}
            </span>
            <div>
              <strong>{title}</strong> {done ? <Badge tone="ok">done</Badge> : null}
              <div className="muted">{text}</div>
            </div>
            <ButtonLink to={to} variant={index === next ? "primary" : "secondary"} small>
              {action}
            </ButtonLink>
          </li>
        ))}
      </ol>
    </section>
  );
}
