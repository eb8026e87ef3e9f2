import { Link } from "react-router";
import type { Study, VoteEffect } from "../../api/types";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { digits } from "./figures";
import { useEffectOfVotes } from "./useEffectOfVotes";
import { count } from "./words";

/** Labels with and without somebody's votes: how many words change, on which ROIs, and what agreement would be. */
export function VoteEffectView({ study, member }: { study: Study; member: string }) {
  const effect = useEffectOfVotes(study.slug, member);
  if (effect.data === undefined) {
    return effect.isError ? (
      <ErrorNote error={effect.error} onRetry={() => void effect.refetch()} />
    ) : (
      <Progress label="Making the labels with and without these votes" />
    );
  }
  return <Effect study={study} effect={effect.data} />;
}

function Effect({ study, effect }: { study: Study; effect: VoteEffect }) {
  if (effect.rois === 0) return <p className="muted">They have rated no ROI that counts: nothing would change.</p>;
  const scales = Object.entries(effect.scales).filter(([, changed]) => changed > 0);
  return (
    <div className="stack">
      <p>
        Of the {count(effect.rois, "ROI")} they rated, <strong>{effect.changed}</strong> would have another word on some
        scale without their votes
        {scales.length === 0 ? "" : ` (${scales.map(([scale, changed]) => `${scale} ${changed}`).join(", ")})`}.{" "}
        {effect.short === 0 ? "" : `${count(effect.short, "ROI")} would ask for other raters. `}
        {effect.unlabelled === 0 ? "" : `${count(effect.unlabelled, "ROI")} would have no label at all. `}
        {effect.shift.quality === null ? "" : `With their votes the mean quality is ${moved(effect.shift.quality)}.`}
      </p>
      <details>
        <summary>Agreement on these ROIs with and without</summary>
        <Table
          caption="Agreement (alpha) on these ROIs"
          columns={[
            { header: "Scale", cell: ([scale]) => scale },
            { header: "With their votes", numeric: true, cell: ([, { with_votes: alpha }]) => digits(alpha) },
            { header: "Without", numeric: true, cell: ([, { without_votes: alpha }]) => digits(alpha) },
          ]}
          rows={Object.keys(effect.scales).map(
            (scale) =>
              [
                scale,
                {
                  with_votes: effect.alpha.with_votes[scale] ?? null,
                  without_votes: effect.alpha.without_votes[scale] ?? null,
                },
              ] as const,
          )}
          rowKey={([scale]) => scale}
        />
      </details>
      {effect.examples.length === 0 ? null : (
        <details>
          <summary>
            {effect.examples.length < effect.changed
              ? `The first ${effect.examples.length} of these ROIs`
              : "These ROIs"}
          </summary>
          <Table
            caption="Labels with and without these votes"
            columns={[
              {
                header: "ROI",
                cell: ({ image, roi, name, file_name: file }) => (
                  <Link to={`/studies/${study.slug}/images/${image}?roi=${roi}`}>{name || file}</Link>
                ),
              },
              {
                header: "With → without",
                cell: ({ changes }) => (
                  <ul className="plain-list">
                    {changes.map(({ scale, with_votes: before, without_votes: after }) => (
                      <li key={scale}>
                        {scale}: {before ?? "absent"} → {after ?? "absent"}
                      </li>
                    ))}
                  </ul>
                ),
              },
            ]}
            rows={effect.examples}
            rowKey={({ roi }) => roi}
          />
        </details>
      )}
    </div>
  );
}

/** "0.12 levels higher", "about the same". */
function moved(shift: number): string {
  if (Math.abs(shift) < 0.005) return "about the same";
  return `${digits(Math.abs(shift))} levels ${shift > 0 ? "higher" : "lower"}`;
}
