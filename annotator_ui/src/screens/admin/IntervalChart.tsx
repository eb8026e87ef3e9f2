import "./figures.css";
import "./labels.css";
import { axisLow, digits, type Estimate, intervalText } from "./figures";

const WIDTH = 520;
const ROW = 26;
const LEFT = 124;
const RIGHT = 52;
const TOP = 6;
const AXIS = 24;

/**
 * Dots with their intervals, one row a name, on one axis up to 1; the same numbers as a table below. A thick line is the
 * interval over images, a thin one that over annotators.
 */
export function IntervalChart({
  title,
  asks,
  estimates,
  bound,
}: {
  title: string;
  asks: string;
  estimates: readonly Estimate[];
  /** A value that the rows are held against, drawn as a dashed line. */
  bound?: { value: number; means: string };
}) {
  const low = axisLow(estimates);
  const height = TOP + estimates.length * ROW + AXIS;
  const x = (value: number) => LEFT + ((Math.max(low, value) - low) / (1 - low)) * (WIDTH - LEFT - RIGHT);
  const withRaters = estimates.some(({ raters }) => raters);
  const ticks = [low, (low + 1) / 2, 1];
  return (
    <figure className="chart figure-card">
      <h3>{title}</h3>
      <p className="muted small">{asks}</p>
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={summary(title, estimates)}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line className="chart-grid" x1={x(tick)} x2={x(tick)} y1={TOP} y2={height - AXIS} />
            <text className="chart-text" x={x(tick)} y={height - 6} textAnchor="middle">
              {String(Number(tick.toFixed(2))).replace("-", "−")}
            </text>
          </g>
        ))}
        {bound === undefined ? null : (
          <line className="chart-bound" x1={x(bound.value)} x2={x(bound.value)} y1={TOP} y2={height - AXIS}>
            <title>{bound.means}</title>
          </line>
        )}
        {estimates.map(({ name, value, interval, raters }, row) => {
          const y = TOP + row * ROW + ROW / 2;
          const [from, to] = interval ?? [];
          const [fewest, most] = raters ?? [];
          return (
            <g key={name}>
              <text className="chart-text chart-name" x={LEFT - 10} y={y + 4} textAnchor="end">
                {name.length > 16 ? `${name.slice(0, 15)}…` : name}
              </text>
              {from === undefined || to === undefined ? null : (
                <line className="chart-interval" x1={x(from)} x2={x(to)} y1={y} y2={y} />
              )}
              {fewest === undefined || most === undefined ? null : (
                <line className="chart-raters" x1={x(fewest)} x2={x(most)} y1={y} y2={y} />
              )}
              {value === null ? null : <circle className="chart-dot" cx={x(value)} cy={y} r={5} />}
              <text className="chart-text chart-name" x={WIDTH - RIGHT + 12} y={y + 4}>
                {value === null ? "–" : digits(value)}
              </text>
            </g>
          );
        })}
      </svg>
      <figcaption>
        <details className="small">
          <summary>As a table</summary>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Name</th>
                <th scope="col" className="cell-number">
                  Value
                </th>
                <th scope="col">95 % interval</th>
                {withRaters ? <th scope="col">… other people</th> : null}
              </tr>
            </thead>
            <tbody>
              {estimates.map(({ name, value, interval, raters }) => (
                <tr key={name}>
                  <td>{name}</td>
                  <td className="cell-number">{digits(value)}</td>
                  <td>{intervalText(interval)}</td>
                  {withRaters ? <td>{intervalText(raters ?? null)}</td> : null}
                </tr>
              ))}
            </tbody>
          </table>
        </details>
      </figcaption>
    </figure>
  );
}

function summary(title: string, estimates: readonly Estimate[]): string {
  const known = estimates.filter(({ value }) => value !== null).sort((a, b) => (a.value ?? 0) - (b.value ?? 0));
  const [least, most] = [known[0], known.at(-1)];
  if (least === undefined || most === undefined) return `${title} Nothing can be told yet.`;
  return `${title} From ${digits(least.value)} (${least.name}) to ${digits(most.value)} (${most.name}).`;
}
