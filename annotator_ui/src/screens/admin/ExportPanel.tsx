import "./forms.css";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { api } from "../../api/client";
import type { ExportReport, ExportRequest, Job, Release } from "../../api/types";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { EXPORT_FORMATS } from "./exportFormats";
import { JobProgress } from "./JobProgress";
import { isFinished, useJob } from "./useJob";
import { formatBytes } from "./words";

/** The files that can be made of a release: each is prepared by the server and then downloaded. */
export function ExportPanel({ release, open }: { release: Release; open: boolean }) {
  return (
    <details open={open}>
      <summary>
        <strong>Export</strong> <span className="visually-hidden">release {release.number}</span>
      </summary>
      <ul className="plain-list exports">
        {EXPORT_FORMATS.map((choice) => (
          <li key={choice.format}>
            <ExportRow release={release} choice={choice} />
          </li>
        ))}
      </ul>
    </details>
  );
}

function ExportRow({ release, choice }: { release: Release; choice: (typeof EXPORT_FORMATS)[number] }) {
  const [images, setImages] = useState(false);
  const prepare = useMutation({
    mutationFn: () =>
      api.post<Job<ExportReport>>(`releases/${release.id}/exports/`, {
        format: choice.format,
        images: choice.takesImages && images,
      } satisfies ExportRequest),
  });
  const { job, error } = useJob<ExportReport>(prepare.data?.id ?? null);
  const working = prepare.isPending || (prepare.data !== undefined && (job === undefined || !isFinished(job)));
  const url = job?.state === "succeeded" ? job.report?.url : undefined;
  return (
    <>
      <div className="export-what">
        <strong>{choice.title}</strong>
        <span className="muted small">{choice.means}</span>
      </div>
      {choice.takesImages ? (
        <label className="tick small">
          <input
            type="checkbox"
            checked={images}
            disabled={working}
            onChange={(event) => {
              setImages(event.target.checked);
              prepare.reset();
            }}
          />
          <span>with the images (zip)</span>
        </label>
      ) : (
        <span />
      )}
      {url === undefined ? (
        <Button
          small
          busy={working}
          aria-label={`Prepare ${choice.title} of release ${release.number}`}
          onClick={() => prepare.mutate()}
        >
          {working ? "Preparing…" : "Prepare"}
        </Button>
      ) : (
        <a className="button button-primary button-small" href={url} download>
          Download
          <span className="visually-hidden">
            {choice.title} of release {release.number}
          </span>
          {job?.report?.bytes === undefined ? null : `(${formatBytes(job.report.bytes)})`}
        </a>
      )}
      {job && !isFinished(job) ? (
        <div className="export-wide">
          <JobProgress job={job} label={`Preparing ${choice.title}`} />
        </div>
      ) : null}
      {job && isFinished(job) && job.state !== "succeeded" ? (
        <p className="note note-error export-wide">{job.message || "The export was not made."}</p>
      ) : null}
      {prepare.error || error ? (
        <div className="export-wide">
          <ErrorNote error={prepare.error ?? error} />
        </div>
      ) : null}
    </>
  );
}
