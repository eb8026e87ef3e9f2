import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";
import { api } from "../../api/client";
import type { ComparedROI, Comparison, Release, Study } from "../../api/types";
import { Button } from "../shared/Button";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { Choice } from "./Choice";
import { Stat } from "./Stat";
import { count, formatNumber } from "./words";

/** Two releases side by side: which ROIs came, went, or changed their label. Which two is part of the address. */
export function CompareView({ study, releases }: { study: Study; releases: readonly Release[] }) {
  const [params, setParams] = useSearchParams();
  const numbers = releases.map(({ number }) => ({ value: String(number), name: `release ${number}` }));
  const before = releases.find(({ number }) => String(number) === params.get("before"));
  const after = releases.find(({ number }) => String(number) === params.get("after"));
  const choose = (name: "before" | "after") => (value: string) => {
    const next = new URLSearchParams(params);
    next.set(name, value);
    setParams(next, { replace: true });
  };
  return (
    <section className="card stack" aria-label="Comparison of two releases">
      <div className="row row-between">
        <h2>Compare</h2>
        <div className="row">
          <Choice label="from" value={params.get("before") ?? ""} options={numbers} onChange={choose("before")} />
          <Choice label="to" value={params.get("after") ?? ""} options={numbers} onChange={choose("after")} />
          <Button small variant="quiet" onClick={() => setParams({})}>
            Close
          </Button>
        </div>
      </div>
      {before && after ? (
        <Differences study={study} before={before} after={after} />
      ) : (
        <p className="muted">Choose two releases of this study.</p>
      )}
    </section>
  );
}

function Differences({ study, before, after }: { study: Study; before: Release; after: Release }) {
  const same = before.id === after.id;
  const comparison = useQuery({
    queryKey: ["comparison", before.id, after.id],
    queryFn: () => api.get<Comparison>(`releases/${before.id}/compare/${after.id}/`),
    // Releases never change, and so does what differs between them.
    staleTime: Number.POSITIVE_INFINITY,
    enabled: !same,
  });
  if (same) return <p className="muted">A release is equal to itself. Choose two different ones.</p>;
  if (comparison.error) return <ErrorNote error={comparison.error} onRetry={() => void comparison.refetch()} />;
  if (comparison.data === undefined) return <Progress label="Comparing" />;
  const { counts, added, removed, changed } = comparison.data;
  const scales = Object.entries(counts.scales).filter(([, n]) => n > 0);
  return (
    <>
      <dl className="stats">
        <Stat
          term="ROIs added"
          value={formatNumber(counts.added)}
          note={counts.images_added > 0 ? `with ${count(counts.images_added, "new image")}` : ""}
        />
        <Stat
          term="ROIs removed"
          value={formatNumber(counts.removed)}
          note={counts.images_removed > 0 ? `with ${count(counts.images_removed, "image")}` : ""}
        />
        <Stat term="Labels changed" value={formatNumber(counts.changed)} />
        <Stat term="Unchanged" value={formatNumber(counts.unchanged)} />
      </dl>
      {before.ruleset === after.ruleset ? null : (
        <p className="note note-warn">
          The rulesets differ ({before.ruleset} and {after.ruleset}): labels can change without a new rating.
        </p>
      )}
      {counts.added + counts.removed + counts.changed === 0 ? <p>The two releases have the same labels.</p> : null}
      {scales.length === 0 ? null : (
        <p>Changed by scale: {scales.map(([scale, n]) => `${scale} ${formatNumber(n)}`).join(", ")}.</p>
      )}
      {changed.length === 0 ? null : (
        <Table
          caption={captionOf("Changed labels", changed.length, counts.changed)}
          rows={changed}
          rowKey={({ roi }) => roi}
          columns={[
            { header: "ROI", cell: (row) => <ROIName study={study} row={row} /> },
            {
              header: "Before and after",
              cell: ({ changes }) => (
                <ul className="plain-list changes">
                  {changes.map(({ scale, before: was, after: is }) => (
                    <li key={scale}>
                      <span className="muted">{scale}</span> {was ?? "absent"} → <strong>{is ?? "absent"}</strong>
                    </li>
                  ))}
                </ul>
              ),
            },
          ]}
        />
      )}
      <ROINames study={study} title="ROIs added" rows={added} total={counts.added} />
      <ROINames study={study} title="ROIs removed" rows={removed} total={counts.removed} />
    </>
  );
}

function captionOf(title: string, shown: number, total: number): string {
  return shown < total ? `${title}: the first ${formatNumber(shown)} of ${formatNumber(total)}` : title;
}

function ROIName({ study, row }: { study: Study; row: ComparedROI }) {
  return (
    <Link to={`/studies/${study.slug}/images/${row.image}?roi=${row.roi}`}>
      {row.name || "unnamed"} <span className="file-name small">{row.file_name}</span>
    </Link>
  );
}

function ROINames({
  study,
  title,
  rows,
  total,
}: {
  study: Study;
  title: string;
  rows: readonly ComparedROI[];
  total: number;
}) {
  if (rows.length === 0) return null;
  return (
    <details>
      <summary>
        {title}: {count(total, "ROI")}
      </summary>
      <ul className="plain-list changes">
        {rows.map((row) => (
          <li key={row.roi}>
            <ROIName study={study} row={row} />
          </li>
        ))}
      </ul>
    </details>
  );
}
