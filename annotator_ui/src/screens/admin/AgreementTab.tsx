import "./overview.css";
import type { AgreementReport, Study } from "../../api/types";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { CeilingsSection } from "./CeilingsSection";
import { FiguresNote } from "./FiguresNote";
import { digits, estimatesOf, FIGURES, type ScaleFigures, share } from "./figures";
import { IntervalChart } from "./IntervalChart";
import { PlannerSection } from "./PlannerSection";
import { SpreadSection } from "./SpreadSection";
import { useAgreement } from "./useFigures";
import { count } from "./words";

/** How far the study's labels can be trusted: agreement with intervals, rare distortions, ceilings for models. */
export function AgreementTab({ study }: { study: Study }) {
  const agreement = useAgreement(study.slug);
  if (agreement.data === undefined) {
    return agreement.isError ? (
      <ErrorNote error={agreement.error} onRetry={() => void agreement.refetch()} />
    ) : (
      <Progress label="Comparing the answers" />
    );
  }
  const { report } = agreement.data;
  return (
    <div className="stack">
      <FiguresNote study={study} figures={agreement.data} />
      {report === null ? null : report.comparable_rois === 0 ? (
        <p className="card muted">No ROI has two ratings yet, so there is nothing to compare.</p>
      ) : (
        <Report report={report} />
      )}
      <PlannerSection study={study} />
    </div>
  );
}

function Report({ report }: { report: AgreementReport }) {
  return (
    <>
      <section className="card stack" aria-labelledby="agreement-figures">
        <h2 id="agreement-figures">Do people agree?</h2>
        <p className="muted small">
          {count(report.ratings, "rating")} of {count(report.rois, "ROI")} on {count(report.images, "image")} by{" "}
          {count(report.annotators, "annotator")}. Each dot is a figure of one scale; the line is its 95 % interval:
          where it would lie had other images of the same kind been rated ({count(report.resamples, "resample")} of
          whole images). Scales whose intervals overlap much do not differ. The thin line is the interval had other
          people of the same kind rated these ROIs: look at it before you claim anything about new annotators.
        </p>
        <div className="figures-grid">
          {FIGURES.map((figure) => (
            <IntervalChart
              key={figure.key}
              title={figure.title}
              asks={figure.asks.replace("(2,k)", `(2,${report.votes_per_roi})`)}
              estimates={estimatesOf(report, figure)}
            />
          ))}
        </div>
      </section>
      <RareDistortions report={report} />
      <SpreadSection report={report} />
      <CeilingsSection report={report} />
    </>
  );
}

function RareDistortions({ report }: { report: AgreementReport }) {
  const rows = Object.entries(report.scales).flatMap(([name, figures]) =>
    figures.prevalence === null ? [] : [{ name, figures, prevalence: figures.prevalence }],
  );
  return (
    <section className="card titled stack" aria-labelledby="prevalence">
      <h2 id="prevalence">How common is each distortion?</h2>
      <p className="muted small">
        Read agreement on a distortion beside how common it is. If 97 % of the votes are “nonexistent” and the rest fall
        at random, people agree on 99.6 % of all pairs, alpha is 0 and AC2 is 0.996; neither is wrong.
      </p>
      <Table
        caption="Distortions: how common, and how far people agree"
        columns={[
          { header: "Distortion", cell: ({ name }) => name },
          { header: "Votes that see it", numeric: true, cell: ({ prevalence }) => share(prevalence.votes) },
          { header: "ROIs that have it", numeric: true, cell: ({ prevalence }) => share(prevalence.rois) },
          { header: "Answers", cell: ({ figures }) => <VoteBar votes={figures.votes} /> },
          { header: "Raw agreement", numeric: true, cell: ({ figures }) => digits(figures.raw_agreement) },
          { header: "Alpha", numeric: true, cell: ({ figures }) => digits(figures.alpha) },
          { header: "AC2", numeric: true, cell: ({ figures }) => digits(figures.ac2.value) },
        ]}
        rows={rows}
        rowKey={({ name }) => name}
      />
    </section>
  );
}

const WORDS = ["extreme", "severe", "moderate", "minor", "trivial", "nonexistent"];
const BAR = { width: 12, gap: 3, height: 26 };

/** How often each severity was answered, extreme to nonexistent. */
function VoteBar({ votes }: { votes: ScaleFigures["votes"] }) {
  const most = Math.max(1, ...votes);
  const text = votes.map((n, index) => `${WORDS[index] ?? index} ${n}`).join(", ");
  return (
    <svg
      className="vote-bar"
      width={votes.length * (BAR.width + BAR.gap)}
      height={BAR.height}
      role="img"
      aria-label={`Answers: ${text}`}
    >
      <title>{text}</title>
      {votes.map((n, index) => {
        const height = n === 0 ? 0 : Math.max(1, (n / most) * BAR.height);
        return (
          <rect
            key={WORDS[index] ?? index}
            className="chart-bar"
            x={index * (BAR.width + BAR.gap)}
            y={BAR.height - height}
            width={BAR.width}
            height={height}
          />
        );
      })}
    </svg>
  );
}
