"""`python -m ml.synthesis.calibrate --images DIR --output TABLE`: spread each type's twenty settings over the quality scale.

For every knob the median score over the references is measured on a grid of strengths; the twenty settings of a type are
then put where that curve crosses twenty evenly spaced scores, from 0.98 down to 0.10 or as far as the type reaches.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from ml.synthesis.metrics import BUILT_IN, METRICS, metric_of
from ml.synthesis.quality import Metric
from ml.synthesis.references import RAW_SUFFIXES, Reference, read_reference
from ml.synthesis.render import PIPELINE, render_way
from ml.synthesis.settings import KNOBS, SETTINGS, Knob, Setting, SettingsTable, table_of

Curve = NDArray[np.float64]
BEST, WORST = 0.98, 0.10
STRENGTHS = np.linspace(0.0, 1.0, 15)
PICTURES = RAW_SUFFIXES | {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"}


def measure(references: Sequence[Reference], metric: Metric) -> dict[str, list[Curve]]:
    """Per type and knob the median score at each of STRENGTHS, made non-increasing."""
    scores: dict[str, list[list[Curve]]] = {kind: [[] for _ in knobs] for kind, knobs in KNOBS.items()}
    for reference in tqdm(references, desc="Calibrating", unit="photograph"):
        for kind, knobs in KNOBS.items():
            for number, knob in enumerate(knobs):
                settings = [Setting(knob.kind, knob.value(float(strength))) for strength in STRENGTHS]
                names = [f"calibration {kind} {number} {place}" for place in range(len(settings))]
                images = render_way(reference, settings, names).float() / 255.0
                scores[kind][number].append(metric(images, reference.display).double().numpy())
    return {
        kind: [np.minimum.accumulate(np.median(np.stack(rows), axis=0)) for rows in knobs]
        for kind, knobs in scores.items()
    }


def spread(curves: Mapping[str, Sequence[Curve]]) -> tuple[SettingsTable, dict[str, list[float]]]:
    """The table whose settings have evenly spaced median scores, mildest first, and those scores."""
    rows: dict[str, list[tuple[str, float]]] = {}
    targets: dict[str, list[float]] = {}
    for kind, knobs in KNOBS.items():
        lowest = max(WORST, min(float(curve[-1]) for curve in curves[kind]))
        targets[kind] = [round(float(target), 4) for target in np.linspace(BEST, lowest, SETTINGS)]
        chosen = _knob_of_each(targets[kind], knobs, curves[kind])
        values = [
            _rounded(knobs[place].value(_strength(curves[kind][place], target)))
            for target, place in zip(targets[kind], chosen, strict=True)
        ]
        rows[kind] = [(knobs[place].kind, value) for place, value in zip(chosen, values, strict=True)]
        if kind == "compression":
            rows[kind] = [("jpeg", value) for value in _distinct(values)]
    return table_of(rows), targets


def _knob_of_each(targets: Sequence[float], knobs: Sequence[Knob], curves: Sequence[Curve]) -> list[int]:
    """Which knob serves each target: from the worst up, the one with most of its settings left that reaches that low."""
    left = [knob.settings for knob in knobs]
    chosen = [0] * len(targets)
    for place in reversed(range(len(targets))):
        able = [n for n in range(len(knobs)) if left[n] and curves[n][-1] <= targets[place] + 1e-9]
        able = able or [n for n in range(len(knobs)) if left[n]]
        best = max(able, key=lambda n: left[n] / knobs[n].settings)
        left[best] -= 1
        chosen[place] = best
    return chosen


def _strength(curve: Curve, target: float) -> float:
    """Where a non-increasing curve over STRENGTHS crosses the target; its end when it never does."""
    return float(np.interp(-target, -curve, STRENGTHS))


def _distinct(qualities: Sequence[float]) -> list[float]:
    """Whole JPEG qualities, each below the one before: the codec knows no others, and twenty settings are twenty images."""
    whole = [float(round(quality)) for quality in qualities]
    for place in range(len(whole) - 2, -1, -1):
        whole[place] = max(whole[place], whole[place + 1] + 1.0)
    return whole


def _rounded(value: float) -> float:
    return float(f"{value:.4g}")


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m ml.synthesis.calibrate", description=__doc__)
    parser.add_argument("--images", type=Path, required=True, metavar="DIR", help="reference photographs")
    parser.add_argument("--output", type=Path, required=True, metavar="TABLE")
    parser.add_argument("--limit", type=int, default=200, help="that many photographs, the first by name")
    parser.add_argument("--long-side", type=int, default=1024, help="work at this many pixels at most")
    parser.add_argument("--metric", choices=METRICS, default=BUILT_IN, help="topiq needs pyiqa, non-commercial")
    given = parser.parse_args(arguments)
    torch.set_num_threads(1)
    paths = sorted(path for path in given.images.rglob("*") if path.suffix.lower() in PICTURES)[: given.limit]
    if not paths:
        sys.exit(
            f"--images {given.images}: there is no photograph in it. Give a folder of JPEG, PNG, TIFF or RAW files."
        )
    try:
        metric = metric_of(given.metric)
    except ValueError as error:
        sys.exit(f"--metric {given.metric}: {error}")
    curves = measure([read_reference(path, long_side=given.long_side) for path in paths], metric)
    table, targets = spread(curves)
    document = {
        "version": table.version,
        "pipeline": PIPELINE,
        "metric": f"{metric.name} {metric.version}",
        "references": len(paths),
        "long_side": given.long_side,
        "settings": table.to_json(),
        "median_score": targets,
    }
    given.output.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    print(f"{given.output}: table {table.version} of {len(paths)} photographs.")


if __name__ == "__main__":
    main()
