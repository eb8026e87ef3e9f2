import { axisTop, hoursUpTo } from "./hours";
import { count } from "./words";

const WIDTH = 1120;
const HEIGHT = 190;
const LEFT = 40;
const TOP = 10;
const BOTTOM = 22;
const CLOCK = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", hour: "2-digit", minute: "2-digit" });

/** Bars of the ratings of each of the last 48 hours, with the same numbers as a table for who wants or needs them. */
export function HoursChart({ perHour, now }: { perHour: readonly { hour: string; count: number }[]; now: Date }) {
  const hours = hoursUpTo(now, perHour);
  const total = hours.reduce((sum, hour) => sum + hour.count, 0);
  const highest = Math.max(...hours.map((hour) => hour.count));
  if (total === 0) return <p className="muted">No ratings in the last 48 hours.</p>;
  const top = axisTop(highest);
  const step = (WIDTH - LEFT) / hours.length;
  const plot = HEIGHT - TOP - BOTTOM;
  return (
    <figure className="chart">
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={`Ratings per hour in the last 48 hours: ${count(total, "rating")}, at most ${highest} in one hour.`}
      >
        {[0, top / 2, top].map((value) => {
          const y = TOP + plot * (1 - value / top);
          return (
            <g key={value}>
              <line className="chart-grid" x1={LEFT} x2={WIDTH} y1={y} y2={y} />
              {Number.isInteger(value) ? (
                <text className="chart-text" x={LEFT - 6} y={y + 4} textAnchor="end">
                  {value}
                </text>
              ) : null}
            </g>
          );
        })}
        {hours.map(({ start, count: n }, index) => {
          const height = (plot * n) / top;
          return (
            <g key={start.getTime()}>
              <rect
                className="chart-bar"
                x={LEFT + index * step + 1}
                width={step - 2}
                y={TOP + plot - height}
                height={height}
              >
                <title>{`${DAY.format(start)}: ${count(n, "rating")}`}</title>
              </rect>
              {start.getHours() % 6 === 0 ? (
                <text className="chart-text" x={LEFT + index * step} y={HEIGHT - 6}>
                  {start.getHours() === 0 ? DAY.format(start).replace(/[, ]+00:00/, "") : CLOCK.format(start)}
                </text>
              ) : null}
            </g>
          );
        })}
      </svg>
      <figcaption>
        <details className="small">
          <summary>{count(total, "rating")} in 48 hours, as a table</summary>
          <table className="table">
            <thead>
              <tr>
                <th scope="col">Hour from</th>
                <th scope="col" className="cell-number">
                  Ratings
                </th>
              </tr>
            </thead>
            <tbody>
              {hours
                .filter((hour) => hour.count > 0)
                .map((hour) => (
                  <tr key={hour.start.getTime()}>
                    <td>{DAY.format(hour.start)}</td>
                    <td className="cell-number">{hour.count}</td>
                  </tr>
                ))}
            </tbody>
          </table>
        </details>
      </figcaption>
    </figure>
  );
}
