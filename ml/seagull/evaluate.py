"""`python -m ml.seagull.evaluate --weights DIR --data JSON --output DIR`: Tables 1 and 2 for a set of weights.

Writes report.json, report.md with pictures, predictions.jsonl, and card.md, the model card of these weights.
Intervals are over images, or over the groups that the data name in `info.references` (windows of one photograph).
`--calibrate SPLIT` first fits temperatures and thresholds on another split and stores them beside the weights.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from ml.seagull import weights
from ml.seagull.data.files import read_data
from ml.seagull.data.release import SPLITS
from ml.seagull.data.split import drawn
from ml.seagull.evaluation.markdown import card_text, report_text
from ml.seagull.evaluation.plots import draw_all
from ml.seagull.evaluation.predictions import answered, scored, write_predictions
from ml.seagull.evaluation.report import fitted_calibration, report_of
from ml.seagull.loading import CALIBRATION, load_scorer
from ml.seagull.training.atomic import write_bytes

REFUSED = 2


def main(arguments: Sequence[str] | None = None) -> int:
    given = _arguments(arguments)
    try:
        report = evaluate(given)
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return REFUSED
    print((given.output / "report.md").read_text(encoding="utf-8"))
    print(f"{report['rois']} ROIs; report.json, card.md and pictures in {given.output}")
    return 0


def evaluate(given: argparse.Namespace) -> dict[str, Any]:
    """Run the weights over the split and write everything. Raises: ValueError for data or weights that are refused."""
    if torch.device(given.device).type == "cpu":
        torch.set_flush_denormal(True)
    data = read_data(given.data, images=given.images, check_hashes=not given.trust_files)
    if given.calibrate is not None:
        if given.calibrate == given.split:
            raise ValueError(f"--calibrate {given.calibrate} is the split that is reported: choose another one.")
        _calibrate(given, drawn(data.of(given.calibrate), given.limit))
    ready = load_scorer(given.weights, device=given.device)
    samples = drawn(data.of(given.split), given.limit)
    predictions = answered(ready.scorer, samples) if given.answers else scored(ready.scorer, samples)
    references = data.info.get("references") or {}
    config = ready.scorer.model.config
    report = report_of(
        predictions,
        clusters=references,
        thresholds=ready.calibration.thresholds,
        resamples=given.resamples,
        facts={
            "weights": weights.fingerprint(given.weights),
            "weights_name": given.name or _name(given.weights),
            "network": config.name,
            "variant": config.variant,
            "split": given.split,
            "data": data.info.get("description") or given.data.name,
            "data_licence": data.info.get("licence"),
            "cluster_kind": "source photographs" if references else "images",
            "temperatures": dict(ready.calibration.temperatures),
        },
    )
    given.output.mkdir(parents=True, exist_ok=True)
    write_predictions(given.output / "predictions.jsonl", predictions)
    pictures = draw_all(given.output, predictions, report, ready.calibration.thresholds)
    for name, text in (
        ("report.json", json.dumps(report, indent=2, allow_nan=False) + "\n"),
        ("report.md", report_text(report, pictures)),
        ("card.md", card_text(report, _source(given.weights))),
    ):
        write_bytes(given.output / name, text.encode())
    return report


def _calibrate(given: argparse.Namespace, samples: Sequence[Any]) -> None:
    ready = load_scorer(given.weights, device=given.device)
    plain = replace(ready.scorer, temperatures={})
    fitted = fitted_calibration(scored(plain, samples))
    write_bytes(given.weights / CALIBRATION, (json.dumps(fitted, indent=2) + "\n").encode())


def _source(folder: Path) -> dict[str, Any]:
    """Of exported weights `source`, of a checkpoint `facts`: the same things are in both, but for the settings."""
    manifest: dict[str, Any] = json.loads((folder / weights.MANIFEST).read_text(encoding="utf-8"))
    if "source" in manifest:
        return manifest
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    return {"source": {**manifest["facts"], "settings": settings}}


def _name(folder: Path) -> str:
    """`RUN` of RUN/weights, `RUN/step-...` of a checkpoint, else the folder's own name."""
    place = folder.resolve()
    if place.parent.name == "checkpoints":
        return f"{place.parents[1].name}/{place.name}"
    return place.parent.name if place.name == "weights" else place.name


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m ml.seagull.evaluate", description="Tables 1 and 2 for weights.")
    parser.add_argument("--weights", type=Path, required=True, metavar="DIR", help="weights or a checkpoint")
    parser.add_argument(
        "--data", type=Path, required=True, metavar="DATA", help="as of ml.seagull.train: export, .jsonl, synthetic set"
    )
    parser.add_argument("--images", type=Path, metavar="DIR", help="where its file names start (default: beside it)")
    parser.add_argument("--output", type=Path, required=True, metavar="DIR")
    parser.add_argument("--split", choices=SPLITS, default="test")
    parser.add_argument("--calibrate", choices=SPLITS, help="fit temperatures and thresholds on this split first")
    parser.add_argument("--answers", action="store_true", help="ask for the answer in words as well (slower)")
    parser.add_argument("--limit", type=int, metavar="N", help="only N images of a split, always the same")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--name", help="what the report calls the weights (default: their run's folder)")
    parser.add_argument("--trust-files", action="store_true", help="do not check the pictures' hashes")
    parser.add_argument("--device", default="cpu")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
