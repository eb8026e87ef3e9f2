import { type DragEvent, useRef, useState } from "react";
import type { ROILevel, Study } from "../../api/types";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Field } from "../shared/Field";
import { Progress } from "../shared/Progress";
import { droppedFiles } from "./droppedFiles";
import { isClutter } from "./uploadPlan";
import { type ImportOptions, useUpload } from "./useUpload";
import { count, formatBytes, percent } from "./words";

const ACCEPTED = ".jpg,.jpeg,.png,.webp,.tif,.tiff,.zip,.json";

/** Chooses files, folders or archives and sends them. What became of them stands in the list of imports. */
export function ImportPanel({ study, onJob }: { study: Study; onJob: () => void }) {
  const [files, setFiles] = useState<readonly File[]>([]);
  const [options, setOptions] = useState<ImportOptions>({ source: "", level: "component" });
  const upload = useUpload(study.slug, onJob);

  async function send() {
    if (await upload.send(files, options)) {
      setFiles([]);
    }
  }

  if (upload.state.fraction !== null) {
    const { fraction, batch, batches } = upload.state;
    return (
      <section className="card stack" aria-label="Upload">
        <Progress
          label={
            `Sending ${count(files.length, "file")}: ${percent(fraction, 1)} %` +
            (batches > 1 ? `, part ${batch} of ${batches}` : "")
          }
          value={fraction}
        />
        <p className="muted">
          Keep this page open until everything is sent. The import itself then runs on the server.
        </p>
        <div>
          <Button onClick={upload.cancel}>Stop sending</Button>
        </div>
      </section>
    );
  }
  return (
    <section className="card stack" aria-label="Import images">
      <FilePicker onFiles={(more) => setFiles((before) => withoutTwins([...before, ...more]))} />
      {upload.state.error ? <ErrorNote error={upload.state.error} /> : null}
      {files.length === 0 ? null : (
        <>
          <Chosen files={files} onClear={() => setFiles([])} />
          <Field
            label="Source (optional)"
            hint="Where the images come from, for the record: a camera, a data set, a licence."
          >
            {(control) => (
              <input
                {...control}
                className="input"
                maxLength={200}
                value={options.source}
                onChange={(event) => setOptions({ ...options, source: event.target.value })}
              />
            )}
          </Field>
          {files.some(mayHoldROIs) ? (
            <Field
              label="Level of the ROIs"
              hint="For ROIs whose file does not say it. An object is a whole thing; a component is a part of one or of the scene."
            >
              {(control) => (
                <select
                  {...control}
                  className="input"
                  value={options.level}
                  onChange={(event) => setOptions({ ...options, level: event.target.value as ROILevel })}
                >
                  <option value="component">component</option>
                  <option value="object">object</option>
                </select>
              )}
            </Field>
          ) : null}
          <div>
            <Button variant="primary" onClick={() => void send()}>
              Import {count(files.length, "file")}
            </Button>
          </div>
        </>
      )}
    </section>
  );
}

function mayHoldROIs({ name }: File): boolean {
  return /\.(json|zip)$/i.test(name);
}

/** The same file chosen twice is sent once. */
function withoutTwins(files: readonly File[]): readonly File[] {
  const seen = new Map(
    files.map((file) => [`${file.webkitRelativePath || file.name}|${file.size}|${file.lastModified}`, file]),
  );
  return [...seen.values()];
}

function FilePicker({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const [over, setOver] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const single = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);

  async function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    try {
      onFiles(await droppedFiles(event.dataTransfer));
    } catch (reason) {
      setError(reason);
    }
  }

  function take(input: HTMLInputElement) {
    onFiles([...(input.files ?? [])].filter(({ name }) => !isClutter(name)));
    input.value = "";
  }

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: dropping is a shortcut for the two buttons inside.
    <div
      className={over ? "drop-zone drop-zone-over" : "drop-zone"}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => void drop(event)}
    >
      <p>
        <strong>Drop images, folders, a zip or a COCO JSON file here</strong>
      </p>
      <p className="muted small">
        JPEG, PNG, WebP or TIFF. A COCO JSON file brings ROIs with it: put it together with its images. An image that
        the study has already is recognised by its content and changes nothing.
      </p>
      <div className="row">
        <Button onClick={() => single.current?.click()}>Choose files</Button>
        <Button onClick={() => folder.current?.click()}>Choose a folder</Button>
      </div>
      <input
        ref={single}
        type="file"
        hidden
        multiple
        accept={ACCEPTED}
        aria-label="Files to import"
        onChange={(event) => take(event.target)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        multiple
        aria-label="Folder to import"
        {...{ webkitdirectory: "" }}
        onChange={(event) => take(event.target)}
      />
      {error ? <ErrorNote error={error} /> : null}
    </div>
  );
}

const SHOWN = 6;

function Chosen({ files, onClear }: { files: readonly File[]; onClear: () => void }) {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  return (
    <div>
      <div className="row row-between">
        <strong>
          {count(files.length, "file")}, {formatBytes(bytes)}
        </strong>
        <Button small variant="quiet" onClick={onClear}>
          Clear the list
        </Button>
      </div>
      <ul className="plain-list chosen small">
        {files.slice(0, SHOWN).map((file) => (
          <li key={`${file.webkitRelativePath}${file.name}${file.size}${file.lastModified}`}>
            {file.webkitRelativePath || file.name} <span className="muted">{formatBytes(file.size)}</span>
          </li>
        ))}
        {files.length > SHOWN ? <li className="muted">and {count(files.length - SHOWN, "more", "more")}</li> : null}
      </ul>
    </div>
  );
}
