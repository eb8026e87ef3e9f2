import "./figures.css";
import type { PlanAnswer } from "../../api/types";

type Point = NonNullable<PlanAnswer["plan"]>["curve"][number];

const WIDTH = 300;
const HEIGHT = 150;
const LEFT = 50;
const RIGHT = 12;
const TOP = 10;
const FOOT = 36;

/** What every further vote per ROI buys: the share of right words, and how narrow the interval of a label is. */
export function VoteCurves({ curve, chosen }: { curve: readonly Point[]; chosen: number }) {
  return (
    <div className="figures-grid vote-curves">
      <VoteCurve
        title="Right words"
        curve={curve}
        chosen={chosen}
        value={({ level_accuracy: share }) => share}
        ticks={[0, 0.5, 1]}
        show={(value) => `${Math.round(100 * value)} %`}
      />
      <VoteCurve
        title="Half of the 95 % interval"
        curve={curve}
        chosen={chosen}
        value={({ half_width: width }) => width}
        ticks={[0, 1, 2]}
        show={(value) => `±${value.toFixed(2).replace(/\.?0+$/, "")}`}
      />
    </div>
  );
}

function VoteCurve({
  title,
  curve,
  chosen,
  value,
  ticks,
  show,
}: {
  title: string;
  curve: readonly Point[];
  chosen: number;
  value: (point: Point) => number | null;
  ticks: readonly [number, number, number];
  show: (value: number) => string;
}) {
  const most = curve.at(-1)?.votes ?? 1;
  const top = ticks[2];
  const x = (votes: number) => LEFT + ((votes - 1) / Math.max(1, most - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (amount: number) => TOP + (1 - Math.min(amount, top) / top) * (HEIGHT - TOP - FOOT);
  const known = curve.flatMap((point) => {
    const amount = value(point);
    return amount === null ? [] : [{ votes: point.votes, amount }];
  });
  // The chosen number may lie too near an end for both to be read.
  const marks = [1, most].filter((end) => Math.abs(end - chosen) > most / 10).concat(chosen);
  const at = known.find(({ votes }) => votes === chosen);
  if (known.length === 0) return null;
  return (
    <figure className="chart">
      <figcaption className="small">{title}</figcaption>
      <svg
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        role="img"
        aria-label={at ? `${title}: ${show(at.amount)} with ${chosen} votes.` : title}
      >
        {ticks.map((tick) => (
          <g key={tick}>
            <line className="chart-grid" x1={LEFT} x2={WIDTH - RIGHT} y1={y(tick)} y2={y(tick)} />
            <text className="chart-text" x={LEFT - 6} y={y(tick) + 4} textAnchor="end">
              {show(tick)}
            </text>
          </g>
        ))}
        {marks.map((votes) => (
          <text key={votes} className="chart-text" x={x(votes)} y={HEIGHT - FOOT + 16} textAnchor="middle">
            {votes}
          </text>
        ))}
        <text className="chart-text" x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 4} textAnchor="middle">
          votes per ROI
        </text>
        <polyline className="chart-curve" points={known.map((p) => `${x(p.votes)},${y(p.amount)}`).join(" ")} />
        {at === undefined ? null : (
          <circle className="chart-dot" cx={x(at.votes)} cy={y(at.amount)} r={5}>
            <title>{`${show(at.amount)} with ${chosen} votes`}</title>
          </circle>
        )}
      </svg>
    </figure>
  );
}
