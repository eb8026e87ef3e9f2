/** A small picture with the box of an ROI on it. */
export function ROIPreview({
  image,
  bbox: [x, y, w, h],
  width,
  height,
}: {
  image: string;
  bbox: readonly [number, number, number, number];
  /** Of the image, in pixels. */
  width: number;
  height: number;
}) {
  const percent = (part: number, whole: number) => `${(100 * part) / whole}%`;
  return (
    <span className="roi-preview" style={{ aspectRatio: `${width} / ${height}` }}>
      <img src={`/api/v1/images/${image}/thumbnail/`} alt="" loading="lazy" />
      <span
        className="roi-preview-box"
        style={{
          left: percent(x, width),
          top: percent(y, height),
          width: percent(w, width),
          height: percent(h, height),
        }}
      />
    </span>
  );
}
