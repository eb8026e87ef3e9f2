import type { ReactNode } from "react";

/** One number with its name, inside `<dl className="stats">`. */
export function Stat({ term, value, note }: { term: string; value: ReactNode; note?: ReactNode }) {
  return (
    <div className="stat">
      <dt>{term}</dt>
      <dd>
        <span className="stat-value numeric">{value}</span>
        {note === undefined ? null : <span className="muted small">{note}</span>}
      </dd>
    </div>
  );
}
