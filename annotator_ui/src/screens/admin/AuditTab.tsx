import "./overview.css";
import { useQuery } from "@tanstack/react-query";
import { api } from "../../api/client";
import type { Study, SuggestionAudit } from "../../api/types";
import { ErrorNote } from "../shared/ErrorNote";
import { Progress } from "../shared/Progress";
import { Table } from "../shared/Table";
import { VERDICTS } from "./audit";
import { digits, intervalText, share } from "./figures";
import { IntervalChart } from "./IntervalChart";
import { SecondLookSection } from "./SecondLookSection";
import { Stat } from "./Stat";
import { studyKey } from "./useStudy";
import { formatNumber, MODES } from "./words";

/** What seeing a model's levels does to the people of this study, and what it may help with. */
export function AuditTab({ study }: { study: Study }) {
  const audit = useQuery({
    queryKey: studyKey(study.slug, "suggestion-audit"),
    queryFn: () => api.get<SuggestionAudit>(`studies/${study.slug}/suggestion-audit/`),
  });
  if (audit.data === undefined) {
    return audit.isError ? (
      <ErrorNote error={audit.error} onRetry={() => void audit.refetch()} />
    ) : (
      <Progress label="Comparing votes with and without the model" />
    );
  }
  const { mode } = audit.data;
  return (
    <div className="stack">
      <section className="card stack" aria-labelledby="audit-mode">
        <h2 id="audit-mode">Mode of this study: {MODES[mode].title.replace(" (recommended)", "").toLowerCase()}</h2>
        <p>{MODES[mode].means}</p>
        <ModeTable audit={audit.data} />
      </section>
      {mode === "prefill" || audit.data.prefilled > 0 ? <PrefillSection audit={audit.data} /> : null}
      {mode === "reveal_after" || audit.data.second_thoughts.shown > 0 ? <ThoughtsSection audit={audit.data} /> : null}
      <SecondLookSection study={study} />
    </div>
  );
}

function ModeTable({ audit }: { audit: SuggestionAudit }) {
  const rows = Object.entries(audit.by_mode).filter(([, { ratings }]) => ratings > 0);
  if (rows.length === 0) return <p className="muted">Nobody has rated yet.</p>;
  return (
    <Table
      caption="Counted votes by the way they were given"
      columns={[
        { header: "Way", cell: ([mode]) => WAYS[mode as keyof typeof WAYS] },
        { header: "Counted votes", numeric: true, cell: ([, { ratings }]) => formatNumber(ratings) },
        { header: "Median time", numeric: true, cell: ([, figures]) => seconds(figures.median_seconds) },
      ]}
      rows={rows}
      rowKey={([mode]) => mode}
    />
  );
}

const WAYS = {
  blind: "blind: nothing of a model was shown",
  reveal_after: "own answer first, the model’s view afterwards",
  prefill: "on a form that the model had filled in",
} as const;

function PrefillSection({ audit }: { audit: SuggestionAudit }) {
  return (
    <section className="card stack" aria-labelledby="audit-prefill">
      <h2 id="audit-prefill">Do the filled-in levels pull people?</h2>
      {audit.prefilled > 0 && audit.control > 0 ? (
        <PrefillFigures audit={audit} />
      ) : (
        <p className="muted">
          Nothing to compare yet: it takes pre-filled votes and blind ones, on ROIs for which the promoted model has a
          suggestion. So far there are {formatNumber(audit.prefilled)} and {formatNumber(audit.control)}.
        </p>
      )}
    </section>
  );
}

function PrefillFigures({ audit }: { audit: SuggestionAudit }) {
  const { wrong, median_seconds: time } = audit;
  const verdict = VERDICTS[audit.gate];
  const scales = Object.entries(audit.scales);
  return (
    <>
      <p className={`note ${verdict.note}`}>
        <strong>{verdict.title}</strong> {verdict.means}
      </p>
      <dl className="stats">
        <Stat
          term="Compared votes"
          value={formatNumber(audit.prefilled + audit.control)}
          note={`${formatNumber(audit.prefilled)} pre-filled, ${formatNumber(audit.control)} blind by lot`}
        />
        <Stat term="Forms sent as they opened" value={share(audit.unchanged_forms)} note="all eight levels unchanged" />
        <Stat
          term="Wrong levels noticed"
          value={share(wrong.rate)}
          note={
            wrong.interval === null
              ? "none was shown yet"
              : `${wrong.caught} of ${wrong.shown}; ${share(wrong.interval[0] ?? null)} to ${share(wrong.interval[1] ?? null)}`
          }
        />
        <Stat term="Median time" value={seconds(time.prefilled)} note={`blind: ${seconds(time.control)}`} />
      </dl>
      <div className="figures-grid">
        <IntervalChart
          title="How far do people lean on the model?"
          asks="Anchoring index: how much nearer to the model pre-filled votes are than blind ones. 0: no pull; 1: everybody takes the model’s level. To pass, the whole interval must lie below the dashed line."
          estimates={scales.map(([name, { index }]) => ({ name, ...index }))}
          bound={{ value: 0.1, means: "0.10: the largest pull that passes" }}
        />
        <IntervalChart
          title="Do the votes move up or down?"
          asks="Bias: pre-filled less blind votes on the same ROIs, in levels. To pass, the whole interval must lie between −0.10 and 0.10."
          estimates={scales.map(([name, { bias }]) => ({ name, ...bias }))}
          bound={{ value: 0.1, means: "0.10: the largest shift that passes" }}
        />
      </div>
      <Table
        caption="The figures of each scale"
        columns={[
          { header: "Scale", cell: ([name]) => name },
          { header: "Anchoring index", numeric: true, cell: ([, { index }]) => withInterval(index) },
          { header: "Bias", numeric: true, cell: ([, { bias }]) => withInterval(bias) },
          { header: "Spread, by blind", numeric: true, cell: ([, { sd_ratio: ratio }]) => withInterval(ratio) },
          { header: "Left as shown", numeric: true, cell: ([, { unchanged }]) => share(unchanged) },
          { header: "Same by chance", numeric: true, cell: ([, { coincidence }]) => share(coincidence) },
          { header: "Gate", cell: ([, { gate }]) => VERDICTS[gate].word },
        ]}
        rows={scales}
        rowKey={([name]) => name}
      />
      <p className="muted small">
        A spread below 1 says that pre-filled votes agree more among themselves than blind ones: agreement that the form
        made. “Same by chance” is how often a blind vote happens to be the model’s level; leaving a level as shown is a
        sign of leaning only as far as it goes beyond that. Levels that were wrong on purpose are left out of both.
      </p>
    </>
  );
}

function ThoughtsSection({ audit }: { audit: SuggestionAudit }) {
  const { shown, given, changed, scales } = audit.second_thoughts;
  return (
    <section className="card stack" aria-labelledby="audit-thoughts">
      <h2 id="audit-thoughts">What do people think after seeing the model?</h2>
      <p className="muted small">
        The first answer is the label, whatever follows. Second thoughts tell where people overlook something, or where
        the model talks them out of what they saw.
      </p>
      {shown === 0 ? (
        <p className="muted">
          Nobody has seen a model’s view yet. It takes a promoted model with suggestions for the ROIs of the train part.
        </p>
      ) : (
        <>
          <dl className="stats">
            <Stat term="Seen" value={formatNumber(shown)} note="a model’s view after the own answer" />
            <Stat term="Second thoughts" value={formatNumber(given)} note="also those that stay as they were" />
            <Stat
              term="Changed their mind"
              value={given > 0 ? share(changed / given) : "–"}
              note={`${formatNumber(changed)} of ${formatNumber(given)}, on any scale`}
            />
          </dl>
          <Table
            caption="Second thoughts by scale"
            columns={[
              { header: "Scale", cell: ([name]) => name },
              {
                header: "First answer is not the model’s",
                numeric: true,
                cell: ([, figures]) => share(figures.apart),
              },
              { header: "Changed afterwards", numeric: true, cell: ([, figures]) => share(figures.changed) },
              { header: "Move towards it", numeric: true, cell: ([, { movement }]) => withInterval(movement) },
            ]}
            rows={Object.entries(scales)}
            rowKey={([name]) => name}
          />
          <p className="muted small">
            Move: 0 stays, 1 takes the model’s level, below 0 goes away from it; with its 95 % interval over images.
          </p>
        </>
      )}
    </section>
  );
}

function withInterval({ value, interval }: { value: number | null; interval: readonly number[] | null }): string {
  return value === null ? "–" : `${digits(value)} (${intervalText(interval)})`;
}

function seconds(value: number | null): string {
  return value === null ? "–" : `${value.toFixed(value < 10 ? 1 : 0)} s`;
}
