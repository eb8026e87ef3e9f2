import "./overview.css";
import type { Screening, Study } from "../../api/types";
import { Badge } from "../shared/Badge";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { ExclusionControl } from "./ExclusionControl";
import { FiguresNote } from "./FiguresNote";
import { type Annotator, digits, FLAGS, oddestPresence, oneAnswer, share } from "./figures";
import { IntervalChart } from "./IntervalChart";
import { useScreening } from "./useFigures";
import { hasRole } from "./useStudy";
import { formatNumber, formatSeconds } from "./words";

/** How every annotator's votes compare with those of the others on the same ROIs, and who needs a second look. */
export function ScreeningTab({ study }: { study: Study }) {
  const screening = useScreening(study.slug);
  if (screening.data === undefined) {
    return screening.isError ? (
      <ErrorNote error={screening.error} onRetry={() => void screening.refetch()} />
    ) : (
      <Progress label="Comparing the annotators" />
    );
  }
  return (
    <div className="stack">
      <FiguresNote study={study} figures={screening.data} />
      {screening.data.state === "missing" ? null : screening.data.annotators.length === 0 ? (
        <p className="card muted">Nobody has rated yet.</p>
      ) : (
        <People study={study} screening={screening.data} />
      )}
    </div>
  );
}

function People({ study, screening }: { study: Study; screening: Screening }) {
  const { annotators, bounds } = screening;
  const bound = bounds?.agreement ?? 0.35;
  const golds = { header: "Golds passed", numeric: true, cell: (row: Annotator) => <Golds annotator={row} /> };
  const repeats = { header: "Repeats", cell: (row: Annotator) => <Repeats annotator={row} /> };
  return (
    <>
      <section className="card titled stack" aria-labelledby="screening">
        <h2 id="screening">Who needs a second look?</h2>
        <p className="muted small">
          A flag is a reason to look, never a verdict: only a person excludes, with a reason, after seeing the labels
          with and without these votes, and can take it back. Nobody is flagged before {bounds?.fewest_ratings ?? 50}{" "}
          ratings: with fewer, careful people look like random clickers.
        </p>
        <Table
          caption="Annotators compared with the others on the same ROIs"
          columns={[
            { header: "Annotator", cell: (row) => <Name annotator={row} /> },
            { header: "Ratings", numeric: true, cell: ({ ratings }) => formatNumber(ratings) },
            { header: "Agreement", numeric: true, cell: ({ agreement }) => digits(agreement.quality ?? null) },
            { header: "Bias", numeric: true, cell: ({ bias }) => signed(bias.quality) },
            { header: "Inconsistency", numeric: true, cell: ({ inconsistency: { quality } }) => digits(quality) },
            { header: "One answer", numeric: true, cell: oneAnswer },
            { header: "Oddest presence", cell: (row) => <Presence annotator={row} /> },
            ...(annotators.some((row) => row.golds > 0) ? [golds] : []),
            ...(annotators.some((row) => row.repeats > 0) ? [repeats] : []),
            { header: "Median time", numeric: true, cell: (row) => <Time annotator={row} /> },
            {
              header: "BT.500",
              cell: ({ bt500 }) => <span className="muted">{bt500.rejected ? "reject" : "keep"}</span>,
            },
            ...(hasRole(study, "admin")
              ? [{ header: "Votes", cell: (row: Annotator) => <ExclusionControl study={study} annotator={row} /> }]
              : []),
          ]}
          rows={annotators}
          rowKey={({ member }) => member}
        />
        <Legend />
      </section>
      <section className="card" aria-label="Agreement with the others">
        <IntervalChart
          title="Do they rank the ROIs like the others do?"
          asks="Rank correlation of the own quality votes with the mean of the others on the same ROIs. The dashed line is what this study takes for low."
          estimates={annotators.map(({ username, agreement }) => ({
            name: username,
            value: agreement.quality ?? null,
            interval: null,
          }))}
          bound={{ value: bound, means: `Below ${digits(bound)} is low in this study.` }}
        />
      </section>
    </>
  );
}

function Name({ annotator }: { annotator: Annotator }) {
  return (
    <>
      <span className="row">
        <span className="nowrap">{annotator.username}</span> {annotator.simulated ? <Badge>simulated</Badge> : null}
        {annotator.excluded_at === null ? null : <Badge tone="warn">excluded</Badge>}
      </span>
      {annotator.exclusion_reason ? <span className="muted small">{annotator.exclusion_reason}</span> : null}
      {annotator.flags.length === 0 ? null : (
        <span className="row flags">
          {annotator.flags.map((flag) => (
            <Badge key={flag} tone="danger" title={FLAGS[flag].means}>
              {FLAGS[flag].word}
            </Badge>
          ))}
        </span>
      )}
    </>
  );
}

function Presence({ annotator }: { annotator: Annotator }) {
  const oddest = oddestPresence(annotator);
  if (oddest === null) return <span className="muted">–</span>;
  return (
    <span title={`z = ${digits(oddest.z)}; beyond 3 is flagged`}>
      {oddest.name} {share(oddest.own)}, others {share(oddest.others)}
    </span>
  );
}

function Golds({ annotator: { golds, gold_rate: rate } }: { annotator: Annotator }) {
  if (rate === null) return <span className="muted">–</span>;
  return (
    <>
      {share(rate)} <span className="muted small no-break">of {formatNumber(golds)}</span>
    </>
  );
}

function Repeats({ annotator }: { annotator: Annotator }) {
  const { repeats, repeat_difference: difference, repeat_same: same } = annotator;
  if (difference === null) return <span className="muted">–</span>;
  return (
    <span title={`${formatNumber(repeats)} ROIs were answered a second time.`}>
      ±{digits(difference)}, {share(same)} same <span className="muted small no-break">of {formatNumber(repeats)}</span>
    </span>
  );
}

function Time({ annotator: { median_seconds: median, fast_share: fast } }: { annotator: Annotator }) {
  if (median === null) return "–";
  return (
    <>
      {formatSeconds(median)}
      {fast ? <span className="muted small"> {share(fast)} hasty</span> : null}
    </>
  );
}

function Legend() {
  return (
    <details className="small">
      <summary>What the columns mean</summary>
      <dl className="terms">
        <dt>Agreement</dt>
        <dd>
          Rank correlation of the quality votes with the mean of the others on the same ROIs. 0.7 is usual, 0 chance.
        </dd>
        <dt>Bias</dt>
        <dd>
          How much higher or lower the votes are than the others', in levels. It can be corrected; no reason to exclude.
        </dd>
        <dt>Inconsistency</dt>
        <dd>How far the votes scatter around what quality and bias lead to expect, in levels.</dd>
        <dt>One answer</dt>
        <dd>
          Votes for the favourite answer by all other votes, the larger of quality and importance. Above 2, more than
          two votes of three are the same.
        </dd>
        <dt>Oddest presence</dt>
        <dd>The distortion in which this person differs most: how often they see it, how often the others do there.</dd>
        <dt>Golds passed</dt>
        <dd>
          Of the ROIs with a known answer. Below 70 % after ten of them is flagged. When many people fail, look at the
          golds first.
        </dd>
        <dt>Repeats</dt>
        <dd>
          ROIs that came again after at least twenty others: how far the second quality was from the first on average,
          in levels, and how often with or without a distortion stayed the same.
        </dd>
        <dt>Hasty</dt>
        <dd>Beside the median time: ratings in less than 6 seconds or a third of the own median. A soft sign.</dd>
        <dt>BT.500</dt>
        <dd>The classical laboratory rule, for information: it misses people who always give one answer.</dd>
        {Object.values(FLAGS).map(({ word, means }) => (
          <div key={word}>
            <dt>{word}</dt>
            <dd>{means}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function signed(value: number | null): string {
  return value === null ? "–" : `${value > 0 ? "+" : ""}${digits(value)}`;
}
