import "./labels.css";
import { DISTORTIONS, type Label } from "../../api/types";
import { IMPORTANCE_WORDS, QUALITY_WORDS, SEVERITY_WORDS } from "../../state/rating/scales";
import { Badge } from "../shared/Badge";
import { Button } from "../shared/Button";
import { Dialog } from "../shared/Dialog";
import { digits, intervalText, share } from "./figures";
import { VoteBars } from "./VoteBars";
import { count } from "./words";

type Score = Label["quality"];
type DistortionLabel = Label["distortions"]["blur"];

/** Everything a label says, and how sure it is: votes, mean, spread, intervals, the corrected mean, presence. */
export function LabelDetails({ title, label, onClose }: { title: string; label: Label; onClose: () => void }) {
  return (
    <Dialog open wide title={title} onClose={onClose} footer={<Button onClick={onClose}>Close</Button>}>
      <p className="muted small">
        Made of {count(label.n, "vote")} that count.{" "}
        {label.clean ? "Without any distortion by majority." : "With the distortions that the majority saw."}
      </p>
      <div className="score-details">
        <ScoreDetails name="Quality" words={QUALITY_WORDS} score={label.quality} />
        <ScoreDetails name="Importance" words={IMPORTANCE_WORDS} score={label.importance} />
      </div>
      <div className="table-scroll">
        <table className="table">
          <caption>Distortions: how many saw it, and how severe those found it</caption>
          <thead>
            <tr>
              <th scope="col">Distortion</th>
              <th scope="col">Label</th>
              <th scope="col" className="cell-number">
                Saw it
              </th>
              <th scope="col">Votes</th>
              <th scope="col" className="cell-number">
                Severity
              </th>
              <th scope="col">95 % interval</th>
            </tr>
          </thead>
          <tbody>
            {DISTORTIONS.map((name) => (
              <DistortionRow key={name} name={name} label={label.distortions[name]} />
            ))}
          </tbody>
        </table>
      </div>
      <p className="muted small">
        Bars go from the worst answer to the best; the last of a distortion, pale, is “nonexistent”. On the scale: dot
        mean, diamond corrected mean, thick line the 95 % interval, thin line Student's. Severity is 0 (extreme) to 4
        (trivial).
      </p>
    </Dialog>
  );
}

function ScoreDetails({ name, words, score }: { name: string; words: readonly string[]; score: Score }) {
  return (
    <section className="score-detail" aria-label={name}>
      <h3>
        {name}: {words[score.level]}
      </h3>
      <VoteBars votes={score.votes} words={words} />
      <ScoreAxis score={score} />
      <dl className="pairs small">
        <dt>Mean</dt>
        <dd>
          {digits(score.mean)} <span className="muted">of 4, spread {score.sd === null ? "–" : digits(score.sd)}</span>
        </dd>
        <dt title="Clopper-Pearson: never leaves the scale, rather too wide than too narrow">95 % interval</dt>
        <dd>{intervalText(score.interval)}</dd>
        <dt title="Student's t: narrower, and it can leave the scale">… Student's</dt>
        <dd>{intervalText(score.t_interval)}</dd>
        <dt title="The mean corrected for annotators who lean and for careless ones; it stands beside the mean">
          Corrected mean
        </dt>
        <dd>
          {score.mos_map === null ? (
            <span className="muted">not computed yet</span>
          ) : (
            <>
              {digits(score.mos_map)}{" "}
              <span className="muted">
                ± {score.mos_map_se === null ? "–" : digits(score.mos_map_se)} (standard error)
              </span>
            </>
          )}
        </dd>
      </dl>
    </section>
  );
}

const AXIS = { width: 280, height: 34, left: 8, right: 8 };

/** The scale from 0 to 4: intervals as lines, the mean as a dot, the corrected mean as a diamond. */
function ScoreAxis({ score }: { score: Score }) {
  const x = (value: number) =>
    AXIS.left + (Math.min(4, Math.max(0, value)) / 4) * (AXIS.width - AXIS.left - AXIS.right);
  const [low, high] = score.interval;
  const [tLow, tHigh] = score.t_interval ?? [];
  return (
    <svg className="score-axis" viewBox={`0 0 ${AXIS.width} ${AXIS.height}`} aria-hidden="true">
      {[0, 1, 2, 3, 4].map((tick) => (
        <g key={tick}>
          <line className="chart-grid" x1={x(tick)} x2={x(tick)} y1={2} y2={20} />
          <text className="chart-text" x={x(tick)} y={32} textAnchor="middle">
            {tick}
          </text>
        </g>
      ))}
      {low === undefined || high === undefined ? null : (
        <line className="chart-interval" x1={x(low)} x2={x(high)} y1={11} y2={11} />
      )}
      {tLow === undefined || tHigh === undefined ? null : (
        <line className="chart-raters" x1={x(tLow)} x2={x(tHigh)} y1={11} y2={11} />
      )}
      <circle className="chart-dot" cx={x(score.mean)} cy={11} r={4.5} />
      {score.mos_map === null ? null : (
        <path className="chart-diamond" d={`M${x(score.mos_map)} 5 l5 6 l-5 6 l-5 -6 z`} />
      )}
    </svg>
  );
}

function DistortionRow({ name, label }: { name: string; label: DistortionLabel }) {
  const seen = label.votes.slice(0, -1).reduce((sum, votes) => sum + votes, 0);
  const all = label.votes.reduce((sum, votes) => sum + votes, 0);
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>
        {label.level === null ? <span className="muted">absent</span> : SEVERITY_WORDS[label.level]}{" "}
        {label.tie ? <Badge tone="warn">tie</Badge> : null}
      </td>
      <td className="cell-number no-break">
        {seen} of {all} <span className="muted">({share(label.p_present)})</span>
      </td>
      <td>
        <VoteBars votes={label.votes} words={SEVERITY_WORDS} paleLast />
      </td>
      <td className="cell-number no-break">
        {label.severity === null ? (
          "–"
        ) : (
          <>
            {digits(label.severity)} <span className="muted">± {label.sd === null ? "–" : digits(label.sd)}</span>
          </>
        )}
      </td>
      <td>
        {label.interval === null ? (
          "–"
        ) : (
          <>
            {intervalText(label.interval)}
            {label.t_interval === null ? null : (
              <div className="muted small no-break">Student's {intervalText(label.t_interval)}</div>
            )}
          </>
        )}
      </td>
    </tr>
  );
}
