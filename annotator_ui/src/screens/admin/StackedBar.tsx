import "./overview.css";
import { formatNumber } from "./words";

export interface Part {
  name: string;
  value: number;
  tone: "done" | "half" | "rest";
  means: string;
}

/** A whole in its parts: a bar for the eye, a list with the numbers for everyone. */
export function StackedBar({ label, parts }: { label: string; parts: readonly Part[] }) {
  const total = parts.reduce((sum, { value }) => sum + value, 0);
  return (
    <div className="stacked">
      <div className="stacked-bar" aria-hidden="true">
        {parts
          .filter(({ value }) => value > 0)
          .map(({ name, value, tone }) => (
            <span key={name} className={`tone-${tone}`} style={{ flexGrow: value / total }} />
          ))}
      </div>
      <ul className="legend" aria-label={label}>
        {parts.map(({ name, value, tone, means }) => (
          <li key={name} title={means}>
            <span className={`legend-mark tone-${tone}`} aria-hidden="true" />
            <strong className="numeric">{formatNumber(value)}</strong> {name}
          </li>
        ))}
      </ul>
    </div>
  );
}
