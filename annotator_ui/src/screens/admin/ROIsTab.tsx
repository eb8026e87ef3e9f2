import "./labels.css";
import "./rois.css";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";
import type { Label, ROIProgressRow, Study } from "../../api/types";
import { Badge } from "../shared/Badge";
import { Button, ButtonLink } from "../shared/Button";
import { EmptyState } from "../shared/EmptyState";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { Choice } from "./Choice";
import { LabelDetails } from "./LabelDetails";
import { LabelSummary } from "./LabelSummary";
import { LoadMore } from "./LoadMore";
import { usePages } from "./usePages";
import { studyKey } from "./useStudy";
import { LEVELS, SPLITS } from "./words";

type StateFilter = "" | "complete" | "in_progress" | "untouched" | "skipped";

const FILTERS: readonly { value: StateFilter; name: string }[] = [
  { value: "", name: "all ROIs" },
  { value: "complete", name: "complete" },
  { value: "in_progress", name: "in progress" },
  { value: "untouched", name: "untouched" },
  { value: "skipped", name: "skipped by someone" },
];

/** Every ROI of the study: how many people have rated it, who is at it, and the label so far. */
export function ROIsTab({ study }: { study: Study }) {
  const [params, setParams] = useSearchParams();
  const state = FILTERS.find(({ value }) => value === params.get("state"))?.value ?? "";
  const rois = usePages<ROIProgressRow>(studyKey(study.slug, "rois", state), `studies/${study.slug}/progress/rois/`, {
    state,
  });
  return (
    <section className="card stack titled" aria-label="ROIs">
      <div className="row row-between">
        <h2>ROIs</h2>
        <Choice
          label="Show"
          value={state}
          options={FILTERS}
          onChange={(next) => setParams(next === "" ? { tab: "rois" } : { tab: "rois", state: next })}
        />
      </div>
      {rois.error ? <ErrorNote error={rois.error} onRetry={() => void rois.refetch()} /> : null}
      {rois.isPending ? <Progress label="Reading the ROIs" /> : null}
      {rois.rows === undefined ? null : <ROIRows study={study} rows={rois.rows} filtered={state !== ""} />}
      {rois.hasNextPage ? <LoadMore busy={rois.isFetchingNextPage} onMore={() => void rois.fetchNextPage()} /> : null}
    </section>
  );
}

function ROIRows({ study, rows, filtered }: { study: Study; rows: readonly ROIProgressRow[]; filtered: boolean }) {
  return (
    <Table
      caption="ROIs and their labels"
      rows={rows}
      rowKey={({ roi }) => roi}
      empty={
        filtered ? (
          <p className="muted">No ROI is in this state.</p>
        ) : (
          <EmptyState
            title="No ROIs yet"
            text="Open an image and draw its regions, or import them from a COCO JSON file together with the images."
          >
            <ButtonLink to={`/studies/${study.slug}/images`} variant="primary">
              Open the images
            </ButtonLink>
          </EmptyState>
        )
      }
      columns={[
        { header: "Image", cell: (row) => <ROIImage study={study} row={row} /> },
        {
          header: "ROI",
          cell: ({ name, level, split }) => (
            <div>
              <div>{name || <span className="muted">unnamed</span>}</div>
              <div className="muted small no-break" title={SPLITS[split]}>
                {LEVELS[level]} · {split}
              </div>
            </div>
          ),
        },
        { header: "Ratings", cell: (row) => <Ratings row={row} /> },
        { header: "Skipped", numeric: true, cell: ({ skipped }) => (skipped === 0 ? "–" : skipped) },
        {
          header: "Label so far",
          cell: (row) =>
            row.consensus === null ? (
              <span className="muted">none</span>
            ) : (
              <LabelCell title={nameOf(row)} label={row.consensus} />
            ),
        },
      ]}
    />
  );
}

function nameOf({ name, level, file_name: file }: ROIProgressRow): string {
  return `${name || `Unnamed ${LEVELS[level]}`} in ${file}`;
}

function LabelCell({ title, label }: { title: string; label: Label }) {
  const [open, setOpen] = useState(false);
  return (
    <div className="label-cell">
      <LabelSummary label={label} />
      <Button small aria-label={`Votes and intervals of ${title}`} onClick={() => setOpen(true)}>
        Votes and intervals
      </Button>
      {open ? <LabelDetails title={title} label={label} onClose={() => setOpen(false)} /> : null}
    </div>
  );
}

function ROIImage({ study, row }: { study: Study; row: ROIProgressRow }) {
  return (
    <Link className="roi-image" to={`/studies/${study.slug}/images/${row.image}?roi=${row.roi}`}>
      <img src={`/api/v1/images/${row.image}/thumbnail/`} alt="" loading="lazy" width={72} height={54} />
      <span className="file-name">{row.file_name}</span>
    </Link>
  );
}

function Ratings({ row }: { row: ROIProgressRow }) {
  const complete = row.n_accepted >= row.raters_wanted;
  return (
    <div className="ratings-cell">
      <span className="numeric">
        {row.n_accepted} / {row.raters_wanted}
      </span>{" "}
      {complete ? <Badge tone="ok">complete</Badge> : null}
      {row.active > 0 ? (
        <div className="muted small">{row.active === 1 ? "1 person is at it" : `${row.active} people are at it`}</div>
      ) : null}
    </div>
  );
}
