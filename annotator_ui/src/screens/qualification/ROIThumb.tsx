import type { TrainingItem } from "../../api/types";

/** The image, small, with a frame around its ROI. */
export function ROIThumb({ roi, image }: Pick<TrainingItem, "roi" | "image">) {
  const [x = 0, y = 0, w = 0, h = 0] = roi.bbox;
  const line = Math.max(image.width, image.height) / 80;
  return (
    <svg
      className="roi-thumb"
      viewBox={`0 0 ${image.width} ${image.height}`}
      role="img"
      aria-label={`${roi.level} ${roi.name}`.trim()}
    >
      <image href={`/api/v1/images/${image.id}/thumbnail/`} width={image.width} height={image.height} />
      <rect x={x} y={y} width={w} height={h} fill="none" stroke="#000000" strokeWidth={line * 2} />
      <rect x={x} y={y} width={w} height={h} fill="none" stroke="#ffffff" strokeWidth={line} />
    </svg>
  );
}
