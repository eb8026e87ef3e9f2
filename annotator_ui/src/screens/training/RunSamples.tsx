import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { api } from "../../api/client";
import type { ImageRow, Study } from "../../api/types";
import { studyKey } from "../admin/useStudy";
import { Table } from "../shared/Table";
import type { RunSample } from "./types";

/** From so many images on the pictures are not looked up: the list of all images would be asked for. */
const MOST_IMAGES = 2000;

/** What the network said of a few ROIs when it was last asked, beside what people said. */
export function RunSamples({ study, samples }: { study: Study; samples: readonly RunSample[] }) {
  const images = useQuery({
    queryKey: studyKey(study.slug, "images-by-sha256"),
    queryFn: async () => {
      const all = await api.all<ImageRow>(`studies/${study.slug}/images/`);
      return new Map(all.map((image) => [image.sha256, image]));
    },
    enabled: samples.length > 0 && study.counts.images <= MOST_IMAGES,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const latest = samples[0]?.step;
  if (latest === undefined) return null;
  return (
    <section className="card stack titled" aria-labelledby="samples">
      <h3 id="samples">Samples at step {latest.toLocaleString("en-US")}</h3>
      <p className="muted small">
        What the network says of a few ROIs, to look at and not to measure with. Quality runs from 0 (bad) to 4
        (excellent), importance from 0 (unimportant) to 4 (essential).
      </p>
      <Table
        caption="Samples"
        rows={samples.filter(({ step }) => step === latest)}
        rowKey={({ roi }) => roi}
        columns={[
          {
            header: "ROI",
            cell: (sample) => <ROIOf study={study} sample={sample} image={images.data?.get(sample.image)} />,
          },
          { header: "Quality", numeric: true, cell: (one) => one.quality.toFixed(1) },
          { header: "People", numeric: true, cell: (one) => one.quality_label?.toFixed(1) ?? "–" },
          { header: "Importance", numeric: true, cell: (one) => one.importance.toFixed(1) },
          { header: "People (importance)", numeric: true, cell: (one) => one.importance_label?.toFixed(1) ?? "–" },
          { header: "Distortions", cell: (one) => one.types.join(", ") || "none" },
          { header: "People (distortions)", cell: (one) => one.types_label.join(", ") || "none" },
        ]}
      />
    </section>
  );
}

function ROIOf({ study, sample, image }: { study: Study; sample: RunSample; image: ImageRow | undefined }) {
  if (image === undefined) {
    return <code title={`ROI ${sample.roi} of image ${sample.image}`}>{sample.roi.slice(0, 8)}</code>;
  }
  return (
    <Link to={`/studies/${study.slug}/images/${image.id}?roi=${sample.roi}`} className="sample-roi">
      <img src={image.thumbnail_url} alt="" loading="lazy" />
      <span className="file-name small">{image.file_name}</span>
    </Link>
  );
}
