import { useQuery } from "@tanstack/react-query";
import { useId } from "react";
import { api } from "../../api/client";
import type { SegmentationModel } from "../../api/types";
import { ErrorNote, fieldErrors } from "../shared/ErrorNote";

const REGION_TREE = "region-tree";
const HALF_BYTES = 2;

/** Bytes that the model keeps for each image. */
export function embeddingBytes({ embedding }: Pick<SegmentationModel, "embedding">): number {
  return embedding.reduce((sum, { shape }) => sum + HALF_BYTES * shape.reduce((product, size) => product * size, 1), 0);
}

/** "0.5 MB", "320 KB" */
export function megabytes(bytes: number): string {
  return bytes < 500_000 ? `${Math.max(1, Math.round(bytes / 1000))} KB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}

function costOf(model: SegmentationModel): string {
  const each = megabytes(embeddingBytes(model));
  return (
    `Clicks, boxes and hovering select by this model. A worker encodes every image once, now and at each import, and keeps ${each} ` +
    `of it; a browser loads the decoder once (${megabytes(model.decoder.bytes)}) and ${each} for each image it opens. ` +
    `Regions stay available. Licence: ${model.licence}.`
  );
}

/** What makes masks of clicks in this study. */
export function ModelField({
  value,
  images,
  error,
  onChange,
}: {
  /** Empty for what the installation gives to new studies. */
  value: string;
  /** Images that a change would have encoded. */
  images: number;
  error: unknown;
  onChange: (model: string) => void;
}) {
  const name = useId();
  const models = useQuery({
    queryKey: ["segmentation-models"],
    queryFn: () => api.get<SegmentationModel[]>("segmentation-models/"),
  });
  const installed = models.data ?? [];
  const given = installed.find(({ is_default: isDefault }) => isDefault)?.id ?? REGION_TREE;
  const chosen = value === "" ? given : value;
  const missing = chosen !== REGION_TREE && models.data !== undefined && !installed.some(({ id }) => id === chosen);
  const choices = [
    {
      id: REGION_TREE,
      title: "Regions of the image",
      hint: "No model: regions by colour and edges, computed at import in about a second per image. Works everywhere, at once.",
    },
    ...installed.map((model) => ({ id: model.id, title: model.title, hint: costOf(model) })),
    ...(missing ? [{ id: chosen, title: chosen, hint: "This model is not in this installation any more." }] : []),
  ];
  return (
    <fieldset className="field choices">
      <legend className="field-label">Smart select: what makes masks of clicks</legend>
      {choices.map(({ id, title, hint }) => (
        <label key={id} className="tick">
          <input type="radio" name={name} value={id} checked={chosen === id} onChange={() => onChange(id)} />
          <span>
            {title}
            <span className="field-hint">{hint}</span>
          </span>
        </label>
      ))}
      {chosen !== REGION_TREE && images > 0 ? (
        <span className="field-hint">
          A change begins at once for the {images} {images === 1 ? "image" : "images"} of this study; until an image is
          done, its page offers regions, polygon and brush.
        </span>
      ) : null}
      {models.error ? <ErrorNote error={models.error} onRetry={() => void models.refetch()} /> : null}
      {fieldErrors(error, "segmentation_model").map((reason) => (
        <span key={reason} className="field-error">
          {reason}
        </span>
      ))}
    </fieldset>
  );
}
