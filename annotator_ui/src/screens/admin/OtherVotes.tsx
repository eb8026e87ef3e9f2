import type { Release } from "../../api/types";
import { count } from "./words";

type Counts = NonNullable<Release["counts"]>;

const APART: Readonly<Record<keyof NonNullable<Counts["kept_apart"]>, string>> = {
  surplus: "late",
  revealed: "after a model's answer",
  gold: "on golds",
  repeat: "on repeats",
  warm_up: "while warming up",
};

/** What of a release's votes could be counted otherwise, what that would change, and which answers never count. */
export function OtherVotes({ counts }: { counts: Counts }) {
  const { without_prefilled: prefilled, with_excluded: excluded } = counts.variants ?? {};
  const apart = Object.entries(counts.kept_apart ?? {}).filter(([, n]) => n > 0);
  if (!prefilled?.votes && !excluded?.votes && apart.length === 0) return null;
  return (
    <ul className="plain-list small">
      {prefilled?.votes ? (
        <li>
          <strong>Without pre-filled votes:</strong> {count(prefilled.votes, "vote")} on {count(prefilled.rois, "ROI")}{" "}
          were pre-filled; without them {changes(prefilled)}.
        </li>
      ) : null}
      {excluded?.votes ? (
        <li>
          <strong>With excluded votes:</strong> {count(excluded.votes, "vote")} on {count(excluded.rois, "ROI")} are
          left out; with them {changes(excluded)}.
        </li>
      ) : null}
      {apart.length === 0 ? null : (
        <li className="muted">
          Answers of the whole study that count for no label:{" "}
          {apart.map(([name, n]) => `${n} ${APART[name as keyof typeof APART]}`).join(", ")}.
        </li>
      )}
    </ul>
  );
}

function changes({ changed, unlabelled }: { changed: number; unlabelled: number }): string {
  const words = changed === 0 ? "no word changes" : `${count(changed, "ROI")} would have another word on some scale`;
  return unlabelled === 0 ? words : `${words}, ${unlabelled} no label at all`;
}
