import type { ReactNode } from "react";
import type { ROIProgressRow, Study } from "../../../api/types";
import { ErrorNote } from "../../shared/ErrorNote";
import { Progress } from "../../shared/Progress";
import { LoadMore } from "../LoadMore";
import { LEVELS } from "../words";
import { ROIPreview } from "./ROIPreview";
import { type Candidates, useCandidates } from "./useGolds";

/** The study's ROIs as a grid to choose from. */
export function ROIPicker({
  study,
  state,
  chosen,
  type,
  empty,
  onToggle,
  children,
}: {
  study: Study;
  state: Candidates;
  chosen: ReadonlySet<string>;
  type: "checkbox" | "radio";
  empty: string;
  onToggle: (row: ROIProgressRow) => void;
  /** Stands above the grid, with all that is loaded. */
  children?: (rows: readonly ROIProgressRow[]) => ReactNode;
}) {
  const rois = useCandidates(study.slug, state);
  if (rois.error) return <ErrorNote error={rois.error} onRetry={() => void rois.refetch()} />;
  if (rois.rows === undefined) return <Progress label="Reading the ROIs" />;
  if (rois.rows.length === 0) return <p className="muted">{empty}</p>;
  return (
    <>
      {children?.(rois.rows)}
      <ul className="plain-list roi-picker">
        {rois.rows.map((row) => (
          <li key={row.roi}>
            <label className="roi-choice">
              <input type={type} name="roi" checked={chosen.has(row.roi)} onChange={() => onToggle(row)} />
              <ROIPreview image={row.image} bbox={row.bbox} width={row.width} height={row.height} />
              <span className="small">{row.name || `unnamed ${LEVELS[row.level]}`}</span>
              <span className="muted small gold-file">{row.file_name}</span>
            </label>
          </li>
        ))}
      </ul>
      {rois.hasNextPage ? <LoadMore busy={rois.isFetchingNextPage} onMore={() => void rois.fetchNextPage()} /> : null}
    </>
  );
}
