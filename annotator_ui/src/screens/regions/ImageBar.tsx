import type { RefObject } from "react";
import type { ImageRow, Study } from "../../api/types";
import type { StageHandle } from "../../canvas/ImageStage";
import { Badge } from "../shared/Badge";
import { Button, ButtonLink } from "../shared/Button";
import type { Neighbours } from "./useNeighbours";

function NeighbourLink({ label, study, image }: { label: string; study: string; image: string | null | undefined }) {
  if (!image) {
    return (
      <Button small disabled>
        {label}
      </Button>
    );
  }
  return (
    <ButtonLink small to={`/studies/${study}/images/${image}`}>
      {label}
    </ButtonLink>
  );
}

/** Which image this is, the way to its neighbours, and the zoom. */
export function ImageBar({
  study,
  image,
  neighbours,
  zoom,
  stage,
}: {
  study: Study;
  image: ImageRow;
  neighbours: Neighbours | null;
  zoom: number;
  stage: RefObject<StageHandle | null>;
}) {
  const split =
    image.split === "test" ? "Kept for testing models; decided at import, for ever" : "Used for training models";
  return (
    <div className="regions-bar">
      <NeighbourLink label="Previous image" study={study.slug} image={neighbours?.previous} />
      <NeighbourLink label="Next image" study={study.slug} image={neighbours?.next} />
      <h1 className="regions-title" title={image.file_name}>
        {image.file_name}
      </h1>
      <Badge tone={image.split === "test" ? "warn" : "accent"} title={split}>
        {image.split}
      </Badge>
      <span className="muted small numeric">
        {image.width} × {image.height} px
        {neighbours ? ` · image ${neighbours.position} of ${Math.max(study.counts.images, neighbours.position)}` : ""}
      </span>
      <fieldset className="regions-zoom">
        <legend className="visually-hidden">Zoom</legend>
        <Button small aria-label="Zoom out" title="Zoom out (−)" onClick={() => stage.current?.zoomBy(-1)}>
          −
        </Button>
        <output className="numeric" aria-label="Zoom level">
          {zoom}:1
        </output>
        <Button small aria-label="Zoom in" title="Zoom in (+)" onClick={() => stage.current?.zoomBy(1)}>
          +
        </Button>
      </fieldset>
    </div>
  );
}
