import type { AgreementReport } from "../../api/types";
import { Table } from "../shared/Table";
import { digits, intervalText, share } from "./figures";

const HUMAN_ROWS = [
  { key: "type_f1", name: "Distortion types, F1" },
  { key: "severity_f1", name: "Type and severity, F1" },
  { key: "quality_level", name: "Quality: the same word" },
  { key: "quality_srocc", name: "Quality: rank correlation" },
  { key: "importance_level", name: "Importance: the same word" },
  { key: "importance_srocc", name: "Importance: rank correlation" },
] as const;

/** What a perfect model and what people would score on these labels: belongs beside every accuracy of a model. */
export function CeilingsSection({ report }: { report: AgreementReport }) {
  const rows = (["quality", "importance"] as const).flatMap((scale) =>
    report.ceilings[scale].map((ceiling) => ({ scale, ...ceiling })),
  );
  return (
    <div className="overview-grid">
      <section className="card titled stack" aria-labelledby="label-ceiling">
        <h2 id="label-ceiling">Label ceiling</h2>
        <p className="muted small">
          A label is a mean of few votes and sometimes lands in the wrong fifth of the scale. Who knew the truth would
          give the right word for this share of the ROIs, and no model can be expected to do better.
        </p>
        <Table
          caption="What labels of so many votes are worth"
          columns={[
            { header: "Scale", cell: ({ scale }) => scale },
            { header: "Votes", numeric: true, cell: ({ votes }) => votes },
            {
              header: "Right word",
              numeric: true,
              cell: ({ level_accuracy: right }) => (
                <>
                  <Meter share={right} /> {share(right)}
                </>
              ),
            },
            { header: "Correlation", numeric: true, cell: ({ correlation }) => digits(correlation) },
            { header: "Error", numeric: true, cell: ({ standard_error: error }) => digits(error) },
          ]}
          rows={rows}
          rowKey={({ scale, votes }) => `${scale} ${votes}`}
          empty={<p className="muted">The ROIs do not differ enough to tell.</p>}
        />
      </section>
      <section className="card titled stack" aria-labelledby="human-ceiling">
        <h2 id="human-ceiling">Human ceiling</h2>
        <p className="muted small">
          People answer for the model and are scored like one. A model above “one person” is better than a colleague;
          above “half the panel”, better than a small panel.
        </p>
        <Table
          caption="What people score against the others' labels"
          columns={[
            { header: "Measure", cell: ({ name }) => name },
            { header: "One person", numeric: true, cell: ({ key }) => digits(report.human.one_person[key].value) },
            { header: "95 % interval", cell: ({ key }) => intervalText(report.human.one_person[key].interval) },
            { header: "Half the panel", numeric: true, cell: ({ key }) => digits(report.human.half_panel[key].value) },
          ]}
          rows={HUMAN_ROWS}
          rowKey={({ key }) => key}
        />
      </section>
    </div>
  );
}

function Meter({ share: part }: { share: number }) {
  return (
    <svg className="meter" width="80" height="10" aria-hidden="true">
      <rect className="chart-bar" width={80 * part} height="10" />
    </svg>
  );
}
