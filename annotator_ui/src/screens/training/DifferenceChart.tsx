import "../admin/overview.css";
import "../admin/figures.css";
import { digits } from "../admin/figures";
import { niceTicks, short } from "./curves";
import { metricName, verdictOf } from "./metrics";
import type { ComparedMetric } from "./types";

const WIDTH = 560;
const ROW = 34;
const LEFT = 150;
const RIGHT = 20;
const TOP = 8;
const AXIS = 40;

/** Differences between two models with their intervals around a line at 0. The table beside it has the numbers. */
export function DifferenceChart({
  metrics,
  a,
  b,
}: {
  metrics: Readonly<Record<string, ComparedMetric>>;
  a: string;
  b: string;
}) {
  const rows = Object.entries(metrics);
  const ends = rows.flatMap(([, { difference, interval }]) => [difference, ...interval]);
  const reach = Math.max(0.01, ...ends.map(Math.abs));
  const ticks = niceTicks(-reach, reach);
  const [low, high] = [ticks[0] ?? -1, ticks.at(-1) ?? 1];
  const x = (value: number) => LEFT + ((value - low) / (high - low)) * (WIDTH - LEFT - RIGHT);
  const height = TOP + rows.length * ROW + AXIS;
  return (
    <figure className="chart difference-chart">
      <svg viewBox={`0 0 ${WIDTH} ${height}`} role="img" aria-label={summaryOf(rows, a, b)}>
        {ticks.map((tick) => (
          <g key={tick}>
            <line
              className={tick === 0 ? "difference-zero" : "chart-grid"}
              x1={x(tick)}
              x2={x(tick)}
              y1={TOP}
              y2={height - AXIS}
            />
            <text className="chart-text" x={x(tick)} y={height - 22} textAnchor="middle">
              {tick > 0 ? "+" : ""}
              {short(tick)}
            </text>
          </g>
        ))}
        <text className="chart-text" x={LEFT} y={height - 4}>
          ← {b} better
        </text>
        <text className="chart-text" x={WIDTH - RIGHT} y={height - 4} textAnchor="end">
          {a} better →
        </text>
        {rows.map(([key, metric], row) => {
          const y = TOP + row * ROW + ROW / 2;
          const [from, to] = metric.interval;
          return (
            <g key={key} className={`difference difference-${verdictOf(metric).tone}`}>
              <text className="chart-text chart-name" x={LEFT - 12} y={y + 4} textAnchor="end">
                {metricName(key)}
              </text>
              <line x1={x(from)} x2={x(to)} y1={y} y2={y} />
              <circle cx={x(metric.difference)} cy={y} r={5} />
            </g>
          );
        })}
      </svg>
    </figure>
  );
}

function summaryOf(rows: readonly (readonly [string, ComparedMetric])[], a: string, b: string): string {
  const parts = rows.map(([key, { difference }]) => `${metricName(key)} ${signed(difference)}`);
  return `${a} minus ${b}: ${parts.join(", ")}.`;
}

/** "+0.02", "−0.10". */
export function signed(value: number): string {
  return value > 0 ? `+${digits(value)}` : digits(value);
}
