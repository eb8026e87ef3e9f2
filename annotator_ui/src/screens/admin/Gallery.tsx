import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import { api } from "../../api/client";
import type { ImageRow, Study } from "../../api/types";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Choice } from "./Choice";
import { ConfirmDialog } from "./ConfirmDialog";
import { LoadMore } from "./LoadMore";
import { usePages } from "./usePages";
import { hasRole, isStaff, studyKey, useRefreshStudy } from "./useStudy";
import { count, SPLITS } from "./words";

const SPLIT_CHOICES = [
  { value: "", name: "train and test" },
  { value: "train", name: "train only" },
  { value: "test", name: "test only" },
] as const;
const ROI_CHOICES = [
  { value: "", name: "with or without ROIs" },
  { value: "false", name: "without ROIs" },
  { value: "true", name: "with ROIs" },
] as const;

function chosen<Value extends string>(choices: readonly { value: Value }[], asked: string | null): Value | undefined {
  return choices.find(({ value }) => value === asked)?.value;
}

/** The images of the study; each opens the page on which its ROIs are drawn. */
export function Gallery({ study }: { study: Study }) {
  const [params, setParams] = useSearchParams();
  const split = chosen(SPLIT_CHOICES, params.get("split")) ?? "";
  const hasROIs = chosen(ROI_CHOICES, params.get("has_rois")) ?? "";
  const images = usePages<ImageRow>(studyKey(study.slug, "images", split, hasROIs), `studies/${study.slug}/images/`, {
    split,
    has_rois: hasROIs,
    limit: 60,
  });

  function filter(name: string, value: string) {
    const next = new URLSearchParams(params);
    if (value === "") next.delete(name);
    else next.set(name, value);
    setParams(next, { replace: true });
  }

  const filtered = split !== "" || hasROIs !== "";
  if (images.rows?.length === 0 && !filtered) return <NoImages study={study} />;
  return (
    <section className="stack" aria-label="Images">
      <div className="row row-between">
        <h2>
          {count(study.counts.images, "image")}, {count(study.counts.rois, "ROI")}
        </h2>
        <div className="row">
          <Choice label="Part" value={split} options={SPLIT_CHOICES} onChange={(value) => filter("split", value)} />
          {isStaff(study) ? (
            <Choice
              label="ROIs"
              value={hasROIs}
              options={ROI_CHOICES}
              onChange={(value) => filter("has_rois", value)}
            />
          ) : null}
        </div>
      </div>
      <p className="muted small">
        Four of five images belong to the training part (train), one to the test part. The content of the image decides,
        at import and for ever, so no image is ever in both.
      </p>
      {images.error ? <ErrorNote error={images.error} onRetry={() => void images.refetch()} /> : null}
      {images.isPending ? <Progress label="Reading the images" /> : null}
      {images.rows?.length === 0 ? <p className="muted">No image is like that.</p> : null}
      {images.rows === undefined ? null : <Tiles study={study} images={images.rows} />}
      {images.hasNextPage ? (
        <LoadMore busy={images.isFetchingNextPage} onMore={() => void images.fetchNextPage()} />
      ) : null}
    </section>
  );
}

function NoImages({ study }: { study: Study }) {
  return (
    <EmptyState
      title="No images yet"
      text="Drop your photographs above. Large collections that lie on the server already are imported fastest from its command line:"
    >
      <code className="command">
        manage.py import_images {study.slug} path/to/folder --coco path/to/annotations.json
      </code>
      <p className="muted small">The COCO JSON file is optional; it brings ROIs with it.</p>
    </EmptyState>
  );
}

function Tiles({ study, images }: { study: Study; images: readonly ImageRow[] }) {
  const [removing, setRemoving] = useState<ImageRow | null>(null);
  const refresh = useRefreshStudy(study.slug);
  const mayRemove = hasRole(study, "admin");
  return (
    <>
      <ul className="plain-list gallery">
        {images.map((image) => (
          <li key={image.id} className="tile">
            <Link to={`/studies/${study.slug}/images/${image.id}`}>
              <span className="tile-picture">
                <img src={image.thumbnail_url} alt="" loading="lazy" />
              </span>
              <span className="file-name" title={image.file_name}>
                {image.file_name}
              </span>
            </Link>
            <div className="tile-facts small">
              <Badge tone={image.split === "test" ? "accent" : "neutral"} title={SPLITS[image.split]}>
                {image.split}
              </Badge>
              {image.roi_count === null ? null : (
                <span className={image.roi_count === 0 ? "muted" : undefined}>
                  {image.roi_count === 0 ? "no ROIs" : count(image.roi_count, "ROI")}
                </span>
              )}
              {mayRemove ? (
                <Button
                  small
                  variant="quiet"
                  aria-label={`Remove ${image.file_name} from the study`}
                  onClick={() => setRemoving(image)}
                >
                  Remove
                </Button>
              ) : null}
            </div>
          </li>
        ))}
      </ul>
      {removing === null ? null : (
        <ConfirmDialog
          title={`Remove ${removing.file_name}?`}
          action="Remove from the study"
          danger
          onConfirm={async () => {
            await api.delete(`studies/${study.slug}/images/${removing.id}/`);
            refresh();
          }}
          onClose={() => setRemoving(null)}
        >
          <p>
            {removing.roi_count
              ? `The image and its ${count(removing.roi_count, "ROI")} leave this study.`
              : "The image leaves this study."}{" "}
            This works only while none of its ROIs has a rating.
          </p>
        </ConfirmDialog>
      )}
    </>
  );
}
