import "../admin/overview.css";
import { ScrollBox } from "../shared/ScrollBox";
import { type Curve, niceTicks, short, smoothed, summaryOf, thinned } from "./curves";

const WIDTH = 560;
const HEIGHT = 260;
const LEFT = 58;
const RIGHT = 16;
const TOP = 12;
const BOTTOM = 34;
const TABLE_ROWS = 25;
/** From so many points on a line is noise, and its mean is drawn over it. */
const NOISY = 40;

/** Lines over the steps of a run; the same numbers as a table below. Lines differ in dashes too, not in colour alone. */
export function CurveChart({
  title,
  asks,
  curves,
  steps,
  noisy = false,
}: {
  title: string;
  asks: string;
  curves: readonly Curve[];
  /** Where the run ends: the axis does not move while it goes on. */
  steps: number;
  /** Every step says something else: the mean is drawn over the values. */
  noisy?: boolean;
}) {
  const all = curves.flatMap(({ points }) => points);
  const lastStep = Math.max(steps, ...all.map(({ step }) => step), 1);
  const values = all.map(({ value }) => value);
  const ticks = niceTicks(...rangeOf(values));
  const [low, high] = [ticks[0] ?? 0, ticks.at(-1) ?? 1];
  const x = (step: number) => LEFT + (step / lastStep) * (WIDTH - LEFT - RIGHT);
  const y = (value: number) => TOP + (1 - (value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM);
  return (
    <figure className="chart curve-card">
      <h3>{title}</h3>
      <p className="muted small">{asks}</p>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={summaryOf(title, curves)}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line className="chart-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text className="chart-text" x={LEFT - 8} y={y(tick) + 4} textAnchor="end">
              {short(tick)}
            </text>
          </g>
        ))}
        {niceTicks(0, lastStep)
          .filter((step) => step <= lastStep)
          .map((step) => (
            <text key={step} className="chart-text" x={x(step)} y={HEIGHT - 16} textAnchor="middle">
              {step.toLocaleString("en-US")}
            </text>
          ))}
        <text className="chart-text" x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 2} textAnchor="middle">
          step
        </text>
        {curves.map((curve, index) => {
          const blurred = noisy && curve.points.length > NOISY;
          const drawn = blurred ? smoothed(curve) : curve;
          const last = drawn.points.at(-1);
          return (
            <g key={curve.name} className={`curve curve-${index % 5}`}>
              {blurred ? <polyline className="curve-raw" points={path(curve, x, y)} /> : null}
              <polyline points={path(drawn, x, y)} />
              {last === undefined ? null : <circle cx={x(last.step)} cy={y(last.value)} r={4} />}
            </g>
          );
        })}
      </svg>
      <figcaption>
        <ul className="legend small">
          {curves.map((curve, index) => {
            const blurred = noisy && curve.points.length > NOISY;
            const last = (blurred ? smoothed(curve) : curve).points.at(-1);
            return (
              <li key={curve.name}>
                <svg className={`curve-key curve curve-${index % 5}`} viewBox="0 0 28 8" aria-hidden="true">
                  <line x1={1} x2={27} y1={4} y2={4} />
                </svg>
                {curve.name}: <strong className="numeric">{short(last?.value ?? 0)}</strong>
                {blurred ? <span className="muted"> (thin: each step, thick: their mean)</span> : null}
              </li>
            );
          })}
        </ul>
        <details className="small">
          <summary>{title} as a table</summary>
          <CurveTable curves={curves} />
        </details>
      </figcaption>
    </figure>
  );
}

function CurveTable({ curves }: { curves: readonly Curve[] }) {
  const steps = [...new Set(curves.flatMap(({ points }) => points.map(({ step }) => step)))].sort((a, b) => a - b);
  const valueAt = curves.map(({ points }) => new Map(points.map(({ step, value }) => [step, value])));
  return (
    <ScrollBox label="Values">
      <table className="table">
        <thead>
          <tr>
            <th scope="col" className="cell-number">
              Step
            </th>
            {curves.map(({ name }) => (
              <th key={name} scope="col" className="cell-number">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {thinned(steps, TABLE_ROWS).map((step) => (
            <tr key={step}>
              <td className="cell-number">{step.toLocaleString("en-US")}</td>
              {valueAt.map((values, index) => {
                const value = values.get(step);
                return (
                  <td key={curves[index]?.name} className="cell-number">
                    {value === undefined ? "–" : short(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollBox>
  );
}

/** From the smallest to the largest value; a single value gets room around it. */
function rangeOf(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (!Number.isFinite(low) || !Number.isFinite(high)) return [0, 1];
  // A loss and an F1 are read against 0; a value below 0 says so itself.
  const floor = low > 0 && low < high / 2 ? 0 : low;
  return high > floor ? [floor, high] : [floor - Math.abs(floor || 1) / 2, high + Math.abs(high || 1) / 2];
}

function path(curve: Curve, x: (step: number) => number, y: (value: number) => number): string {
  return curve.points.map(({ step, value }) => `${x(step).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
}
