import type { Study } from "../../api/types";
import { ButtonLink } from "../shared/Button";
import { Prose } from "./Prose";
import { Stat } from "./Stat";
import { formatNumber } from "./words";

/** The overview of a study for an ML engineer: its size and the way to images and releases. */
export function EngineerOverview({ study }: { study: Study }) {
  return (
    <div className="stack">
      {study.description ? <Prose text={study.description} /> : null}
      <section className="card stack" aria-label="Size">
        <dl className="stats">
          <Stat term="Images" value={formatNumber(study.counts.images)} />
          <Stat term="ROIs" value={formatNumber(study.counts.rois)} />
        </dl>
        <div className="row">
          <ButtonLink to={`/studies/${study.slug}/releases`} variant="primary">
            Releases and exports
          </ButtonLink>
          <ButtonLink to={`/studies/${study.slug}/images`}>Images and ROIs</ButtonLink>
        </div>
        <p className="muted small">Progress per annotator and the settings are shown to the study's admins only.</p>
      </section>
    </div>
  );
}
