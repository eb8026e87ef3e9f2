import type { ImportReport } from "../../api/types";
import { Button } from "../shared/Button";
import { Table } from "../shared/Table";
import { saveText, toCsv } from "./csv";
import { Stat } from "./Stat";
import { formatNumber } from "./words";

const SHOWN = 100;

/** What an import did: counts, and every refused file with its reason. */
export function ImportReportView({ report, name }: { report: ImportReport; name: string }) {
  const { refused } = report;
  return (
    <div className="stack">
      <dl className="stats">
        <Stat term="Images added" value={formatNumber(report.images_added)} />
        <Stat term="Images known already" value={formatNumber(report.images_known)} />
        <Stat term="ROIs added" value={formatNumber(report.rois_added)} />
        <Stat term="ROIs known already" value={formatNumber(report.rois_known)} />
        <Stat term="Refused" value={formatNumber(report.refused_count)} />
      </dl>
      {refused.length === 0 ? null : (
        <>
          <div className="refused">
            <Table
              caption={report.refused_count > SHOWN ? `Refused, the first ${SHOWN}` : "Refused"}
              columns={[
                { header: "File", cell: ({ file }) => <span className="file-name">{file}</span> },
                { header: "Reason", cell: ({ reason }) => reason },
              ]}
              rows={refused.slice(0, SHOWN).map((row, index) => ({ ...row, index }))}
              rowKey={({ index }) => String(index)}
            />
          </div>
          <div>
            <Button
              small
              onClick={() =>
                saveText(
                  `${name}-refused.csv`,
                  toCsv(
                    ["file", "code", "reason"],
                    refused.map(({ file, code, reason }) => [file, code, reason]),
                  ),
                )
              }
            >
              Download the refused files as CSV
            </Button>
          </div>
        </>
      )}
    </div>
  );
}
