/**
 * Lets another program use the page's own run-length code: one JSON request a line on stdin, one answer a line on
 * stdout. `encode` takes rows of "0" and "1", `decode` the compressed string; both answer what the page makes of it.
 */
import { createInterface } from "node:readline";
import { emptyMask, type Mask } from "../src/geometry/mask";
import {
  decodeMask,
  encodeMask,
  type Runs,
  runsArea,
  runsBox,
  runsToString,
  stringToRuns,
  subtract,
  union,
} from "../src/geometry/rle";

type Size = readonly [height: number, width: number];
type Request =
  | { op: "encode"; rows: string[] }
  | { op: "decode"; size: Size; counts: string }
  | { op: "union" | "subtract"; size: Size; first: string; second: string };

function maskOfRows(rows: readonly string[]): Mask {
  const mask = emptyMask(rows[0]?.length ?? 0, rows.length);
  rows.forEach((row, y) => {
    for (let x = 0; x < mask.width; x++) mask.data[x * mask.height + y] = row[x] === "1" ? 1 : 0;
  });
  return mask;
}

function rowsOfMask(mask: Mask): string[] {
  return Array.from({ length: mask.height }, (_, y) =>
    Array.from({ length: mask.width }, (_, x) => mask.data[x * mask.height + y]).join(""),
  );
}

function described(runs: Runs) {
  const { x, y, width, height } = runsBox(runs);
  return { counts: runsToString(runs), area: runsArea(runs), bbox: [x, y, width, height] };
}

function answer(request: Request) {
  if (request.op === "encode") return described(encodeMask(maskOfRows(request.rows)));
  if (request.op === "decode") {
    const runs = stringToRuns(request.counts, request.size);
    return { ...described(runs), rows: rowsOfMask(decodeMask(runs)) };
  }
  const combine = request.op === "union" ? union : subtract;
  return described(combine(stringToRuns(request.first, request.size), stringToRuns(request.second, request.size)));
}

createInterface({ input: process.stdin }).on("line", (line) => {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line) as Request))}\n`);
});
