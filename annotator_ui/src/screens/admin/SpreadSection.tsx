import "./figures.css";
import type { AgreementReport } from "../../api/types";
import { digits, type ScaleFigures } from "./figures";

const WIDTH = 380;
const HEIGHT = 210;
const LEFT = 40;
const RIGHT = 14;
const TOP = 10;
const FOOT = 40;

/** How much the votes on one ROI differ, given where on the scale it lies: the SOS hypothesis and what it is fitted to. */
export function SpreadSection({ report }: { report: AgreementReport }) {
  return (
    <section className="card stack" aria-labelledby="spread">
      <h2 id="spread">How much do votes on one ROI differ?</h2>
      <p className="muted small">
        Each dot stands for the ROIs of about the same mean (the larger, the more ROIs): the variance of their votes.
        The curve is the SOS hypothesis, variance = a · mean · (4 − mean). a is 0 if all agree and 0.25 if people tossed
        coins; well above 0.2, look at the instructions. A study or batch far above its curve is suspect.
      </p>
      <div className="figures-grid">
        {(["quality", "importance"] as const).map((scale) => {
          const figures = report.scales[scale];
          return figures?.sos_points === undefined ? null : (
            <SpreadChart key={scale} name={scale} sos={figures.sos ?? null} points={figures.sos_points} />
          );
        })}
      </div>
    </section>
  );
}

function SpreadChart({
  name,
  sos,
  points,
}: {
  name: string;
  sos: number | null;
  points: NonNullable<ScaleFigures["sos_points"]>;
}) {
  const top = Math.max(1, ...points.map(({ variance }) => variance));
  const most = Math.max(1, ...points.map(({ rois }) => rois));
  const x = (mean: number) => LEFT + (mean / 4) * (WIDTH - LEFT - RIGHT);
  const y = (variance: number) => TOP + (1 - Math.min(variance, top) / top) * (HEIGHT - TOP - FOOT);
  const curve = Array.from({ length: 41 }, (_, step) => step / 10);
  return (
    <figure className="chart figure-card">
      <h3>
        {name}: a = {sos === null ? "undefined" : sos.toFixed(3)}
      </h3>
      <p className="muted small">{sos === null ? "No ROI lies between the ends of the scale." : meaning(sos)}</p>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={`Variance of the ${name} votes by mean.`}>
        {[0, 1, 2, 3, 4].map((tick) => (
          <g key={tick}>
            <line className="chart-grid" x1={x(tick)} x2={x(tick)} y1={TOP} y2={HEIGHT - FOOT} />
            <text className="chart-text" x={x(tick)} y={HEIGHT - FOOT + 16} textAnchor="middle">
              {tick}
            </text>
          </g>
        ))}
        {[0, top / 2, top].map((part) => (
          <text key={part} className="chart-text" x={LEFT - 8} y={y(part) + 4} textAnchor="end">
            {part.toFixed(1)}
          </text>
        ))}
        <text className="chart-text" x={(LEFT + WIDTH - RIGHT) / 2} y={HEIGHT - 6} textAnchor="middle">
          mean of the votes
        </text>
        {points.map(({ mean, variance, rois }) => (
          <circle key={mean} className="chart-point" cx={x(mean)} cy={y(variance)} r={2 + 6 * Math.sqrt(rois / most)}>
            <title>{`Mean ${digits(mean)}, variance ${digits(variance)}, ${rois} ROIs`}</title>
          </circle>
        ))}
        {sos === null ? null : (
          <polyline
            className="chart-curve"
            points={curve.map((mean) => `${x(mean)},${y(sos * mean * (4 - mean))}`).join(" ")}
          />
        )}
      </svg>
    </figure>
  );
}

function meaning(sos: number): string {
  if (sos < 0.05) return "People hardly differ: could they see each other's answers, or a suggestion?";
  if (sos <= 0.2) return "Usual for image quality.";
  return "People differ a lot: look at the instructions and at the annotators.";
}
