"""`python -m ml.seagull.proof.ablate --data JSON --output DIR`: train, evaluate and compare; a queue that can be resumed.

Trains `tiny` from scratch with each seed, then every ablation of the paper's Table 4 that a run from scratch can have,
on equal budgets, and evaluates the last weights on the val part. What is finished is not done again, what was killed
goes on. Writes table.md and summary.json after each run: means over seeds, and differences from the whole network with
paired intervals over photographs.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ml.seagull import evaluate, train
from ml.seagull.evaluation.bootstrap import Interval, Statistic, image_bootstrap, paired_bootstrap
from ml.seagull.evaluation.metrics import roi_scores, srocc
from ml.seagull.evaluation.predictions import Prediction, read_predictions
from ml.seagull.evaluation.table import Answer, Scale, scores_of, sets_of

MAIN = "main"
# What is left out, as changes of the network and of the settings.
VARIANTS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    MAIN: ((), ()),
    "no-local": (("local=none",), ()),
    "no-global": (("global_view=false",), ()),
    "no-jir": ((), ("judgments=0",)),
    "no-high-pass": (("high_pass=false",), ()),
}
RESAMPLES = 1000
Metric = Callable[[Sequence[Prediction]], Statistic]


def metrics() -> dict[str, Metric]:
    """What is compared. The answer in words is asked of all; a network without JIR never learned to judge."""
    return {
        "quality SROCC": _correlation("quality"),
        "importance SROCC": _correlation("importance"),
        "type F1, words": _types("told"),
        "type F1, judged": _types("judged"),
    }


def _correlation(scale: Scale) -> Metric:
    def of(predictions: Sequence[Prediction]) -> Statistic:
        guess, truth, _ = scores_of(predictions, scale)
        return lambda chosen: srocc(guess[chosen], truth[chosen])

    return of


def _types(answer: Answer) -> Metric:
    def of(predictions: Sequence[Prediction]) -> Statistic:
        guesses, truths, _ = sets_of(predictions, answer=answer)
        f1 = roi_scores(guesses, truths)[:, 2]
        return lambda chosen: float(f1[chosen].mean())

    return of


def train_and_evaluate(variant: str, seed: int, *, given: argparse.Namespace) -> None:
    """One run to its end, and its report. Raises: SystemExit if training was refused or cancelled."""
    network, settings = VARIANTS[variant]
    folder = given.output / f"{variant}-{seed}"
    data = ["--data", str(given.data), "--trust-files"]
    changes = [f"seed={seed}", *given.set, *settings]
    more = ["--network", *network] if network else []
    status = train.main([*data, "--output", str(folder), "--preset", given.preset, "--set", *changes, *more])
    if status != 0:
        raise SystemExit(status)
    report = folder / "report"
    if not (report / "report.json").exists():
        where = ["--weights", str(folder / "weights"), "--output", str(report), "--split", "val", "--answers"]
        status = evaluate.main([*data, *where])
        if status != 0:
            raise SystemExit(status)


def summary(output: Path, seeds: Sequence[int], clusters: Mapping[str, str]) -> dict[str, Any]:
    """Of every variant with a report: mean over its seeds, and the paired difference from the main runs of these."""
    found: dict[str, Any] = {}
    for variant in VARIANTS:
        done = [seed for seed in seeds if (output / f"{variant}-{seed}" / "report" / "report.json").exists()]
        if done:
            runs = [_read(output, variant, seed) for seed in done]
            paired = [seed for seed in done if (output / f"{MAIN}-{seed}" / "report" / "report.json").exists()]
            mains = [_read(output, MAIN, seed) for seed in paired] if variant != MAIN else []
            found[variant] = {"seeds": done, "metrics": row_of(runs, mains, lambda image: clusters.get(image, image))}
    return found


def _read(output: Path, variant: str, seed: int) -> list[Prediction]:
    return read_predictions(output / f"{variant}-{seed}" / "report" / "predictions.jsonl")


def row_of(
    runs: Sequence[Sequence[Prediction]], mains: Sequence[Sequence[Prediction]], cluster: Callable[[str], str]
) -> dict[str, Any]:
    """Every metric's mean over runs with its interval over clusters, and the difference from as many main runs."""
    groups = [cluster(one.image_id) for one in runs[0]]
    row: dict[str, Any] = {}
    for name, metric in metrics().items():
        cell: dict[str, Any] = {"mean": image_bootstrap(_mean(metric, runs), groups, resamples=RESAMPLES).as_json()}
        if mains:
            difference: Interval = paired_bootstrap(
                _mean(metric, runs[: len(mains)]), _mean(metric, mains), groups, resamples=RESAMPLES
            )
            cell["difference"] = difference.as_json()
        row[name] = cell
    return row


def _mean(metric: Metric, runs: Sequence[Sequence[Prediction]]) -> Statistic:
    statistics = [metric(run) for run in runs]
    return lambda chosen: sum(statistic(chosen) for statistic in statistics) / len(statistics)


def table(found: Mapping[str, Any]) -> str:
    """Markdown: mean over seeds [95 % interval], and the difference from main below it."""
    names = list(metrics())
    lines = [f"| variant | seeds | {' | '.join(names)} |", f"|---|---|{'---|' * len(names)}"]
    for variant, row in found.items():
        seeds = ", ".join(map(str, row["seeds"]))
        lines.append(f"| {variant} | {seeds} | {' | '.join(cell(row['metrics'][name]['mean']) for name in names)} |")
        if all("difference" in row["metrics"][name] for name in names):
            cells = " | ".join(cell(row["metrics"][name]["difference"], sign="+") for name in names)
            lines.append(f"| {variant} minus {MAIN} | | {cells} |")
    return "\n".join(lines) + "\n"


def cell(value: Mapping[str, Any], *, sign: str = "") -> str:
    if value["estimate"] is None:
        return "undefined"
    return f"{value['estimate']:{sign}.3f} [{value['low']:{sign}.3f}, {value['high']:{sign}.3f}]"


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.seagull.proof.ablate", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="JSON", help="made by ml.seagull.proof.make_set")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="one folder a run in it")
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1], help="of the whole network")
    parser.add_argument("--ablation-seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--variants", nargs="+", choices=tuple(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="settings of all runs")
    given = parser.parse_args(arguments)
    info = json.loads(given.data.read_text(encoding="utf-8"))["info"]
    for variant in given.variants:
        for seed in given.seeds if variant == MAIN else given.ablation_seeds:
            train_and_evaluate(variant, seed, given=given)
            found = summary(given.output, given.seeds, info.get("references") or {})
            (given.output / "summary.json").write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
            (given.output / "table.md").write_text(table(found), encoding="utf-8")
    sys.stdout.write((given.output / "table.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
