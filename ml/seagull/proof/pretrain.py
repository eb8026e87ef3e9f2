"""`python -m ml.seagull.proof.pretrain --synthetic SET --synthetic-val SET --ratings JSON --output DIR`: what stage 1 gives.

The paper's Table 3 (stage 1 on 0, 25, 50 and 100 % of the photographs, then stage 2 on ratings) and Table 4 (all of
them, without JIR, local or global tokens), every run with the same number of steps. A queue that can be resumed: what
is finished is not done again, what was killed goes on. After each run table.md and summary.json hold what there is.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ml.seagull import evaluate, train
from ml.seagull.data.split import SYNTHETIC, photograph
from ml.seagull.evaluation.predictions import read_predictions
from ml.seagull.proof.ablate import VARIANTS, cell, metrics, row_of

WHOLE = "100 %"
FRACTIONS: Mapping[str, float] = {"0 %": 0.0, "25 %": 0.25, "50 %": 0.5, WHOLE: 1.0}
LEFT_OUT = ("no-jir", "no-local", "no-global")
PARTS = {"synthetic": "after stage 1, synthetic val", "ratings": "after stage 2, val of the ratings"}


@dataclass(frozen=True)
class Run:
    """One row of the tables with one seed."""

    row: str
    seed: int

    @property
    def name(self) -> str:
        return f"{self.row.replace(' %', '')}-{self.seed}"

    @property
    def fraction(self) -> float:
        return FRACTIONS.get(self.row, 1.0)

    @property
    def changes(self) -> tuple[Sequence[str], Sequence[str]]:
        """Of the network and of the settings."""
        return VARIANTS.get(self.row, ((), ()))


def train_and_evaluate(run: Run, given: argparse.Namespace) -> None:
    """Both stages of one run and their reports. Raises SystemExit if a training was refused or cancelled."""
    network, settings = run.changes
    folder = given.output / run.name
    begin = ["--preset", given.preset, *(["--network", *network] if network else [])]
    common = [f"seed={run.seed}", *settings]
    if run.fraction:
        data = ["--data", str(given.synthetic), "--fraction", str(run.fraction)]
        _train(folder / "stage1", data, begin, [*common, *given.stage1])
        test = ["--data", str(given.synthetic_val), "--split", "train", "--limit", str(given.limit)]
        _evaluate(folder, "synthetic", test, folder / "stage1" / "weights")
        begin = ["--weights", str(folder / "stage1" / "weights")]
    data = ["--data", str(given.ratings), "--trust-files", "--fraction", str(given.ratings_fraction)]
    _train(folder / "stage2", data, begin, [*common, *given.stage2])
    test = ["--data", str(given.ratings), "--trust-files", "--split", "val"]
    _evaluate(folder, "ratings", test, folder / "stage2" / "weights")


def _train(folder: Path, data: Sequence[str], begin: Sequence[str], changes: Sequence[str]) -> None:
    status = train.main([*data, "--output", str(folder), *begin, "--set", *changes])
    if status != 0:
        raise SystemExit(status)


def _evaluate(folder: Path, part: str, test: Sequence[str], weights: Path) -> None:
    if (folder / part / "report.json").exists():
        return
    status = evaluate.main([*test, "--weights", str(weights), "--output", str(folder / part), "--answers"])
    if status != 0:
        raise SystemExit(status)


def summary(output: Path, runs: Sequence[Run], clusters: Mapping[str, str]) -> dict[str, Any]:
    """By part and row: mean over the row's seeds, and the paired difference from `base`.

    That is `0 %` for the other shares after stage 2, which all learn the ratings, and `100 %` for everything else.
    """
    found: dict[str, Any] = {}
    for part, base_of_shares in (("synthetic", WHOLE), ("ratings", "0 %")):
        rows: dict[str, Any] = {}
        for row in dict.fromkeys(run.row for run in runs):
            base = WHOLE if row in LEFT_OUT else base_of_shares
            done = {run.seed: output / run.name / part / "predictions.jsonl" for run in runs if run.row == row}
            done = {seed: path for seed, path in done.items() if path.exists()}
            if not done:
                continue
            bases = {seed: output / Run(base, seed).name / part / "predictions.jsonl" for seed in done}
            shared = [seed for seed, path in bases.items() if path.exists()] if row != base else []
            ordered = [*shared, *(seed for seed in done if seed not in shared)]
            rows[row] = {
                "seeds": sorted(done),
                "base": base,
                "metrics": row_of(
                    [read_predictions(done[seed]) for seed in ordered],
                    [read_predictions(bases[seed]) for seed in shared],
                    lambda image: clusters.get(image) or photograph(image, SYNTHETIC),
                ),
            }
        found[part] = rows
    return found


def table(found: Mapping[str, Any]) -> str:
    """Markdown: mean over seeds [95 % interval], and the difference from the base row below it."""
    names = list(metrics())
    lines: list[str] = []
    for part, rows in found.items():
        lines += [f"**{PARTS[part]}**", "", f"| run | seeds | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
        for row, one in rows.items():
            values = [one["metrics"][name] for name in names]
            seeds = ", ".join(map(str, one["seeds"]))
            lines.append(f"| {row} | {seeds} | {' | '.join(cell(value['mean']) for value in values)} |")
            if all("difference" in value for value in values):
                cells = " | ".join(cell(value["difference"], sign="+") for value in values)
                lines.append(f"| {row} minus {one['base']} | | {cells} |")
        lines.append("")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.seagull.proof.pretrain", description=__doc__)
    parser.add_argument("--synthetic", type=Path, required=True, metavar="SET", help="stage 1 trains on it")
    parser.add_argument("--synthetic-val", type=Path, required=True, metavar="SET", help="of other photographs")
    parser.add_argument("--limit", type=int, default=400, help="images of the synthetic val set that are asked")
    parser.add_argument("--ratings", type=Path, required=True, metavar="JSON", help="with parts train and val")
    parser.add_argument("--ratings-fraction", type=float, default=0.25, metavar="SHARE", help="of its train part")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="one folder a run in it")
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--runs", nargs="+", choices=(*FRACTIONS, *LEFT_OUT), default=[*FRACTIONS, *LEFT_OUT])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--stage1", nargs="+", default=[], metavar="NAME=VALUE", help="settings of every stage 1")
    parser.add_argument("--stage2", nargs="+", default=[], metavar="NAME=VALUE", help="settings of every stage 2")
    given = parser.parse_args(arguments)
    info = json.loads(given.ratings.read_text(encoding="utf-8"))["info"]
    every = [Run(row, seed) for row in (*FRACTIONS, *LEFT_OUT) for seed in given.seeds]
    for seed in given.seeds:
        for row in given.runs:
            train_and_evaluate(Run(row, seed), given)
            found = summary(given.output, every, info.get("references") or {})
            (given.output / "summary.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
            (given.output / "table.md").write_text(table(found), encoding="utf-8")
    sys.stdout.write((given.output / "table.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
