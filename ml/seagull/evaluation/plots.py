"""Pictures of a report: scores against labels, reliability, and which type is taken for which."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np

from ml.seagull.evaluation.markdown import ANSWERS
from ml.seagull.evaluation.predictions import Prediction
from ml.seagull.evaluation.report import SCALES
from ml.seagull.evaluation.table import CLASSES, Answer, Scale, scores_of, sets_of
from ml.seagull.language.levels import LEVEL_COUNT

mpl.use("Agg")
from matplotlib import pyplot as plt

BLUE, GREY, RED = "#1f5fa8", "#8a8f98", "#b3402a"


def draw_all(
    folder: Path, predictions: Sequence[Prediction], report: Mapping[str, Any], thresholds: Mapping[str, float]
) -> list[str]:
    """Write the PNGs and return their names."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = []
    for scale in SCALES:
        if report["scores"][scale]["rois"]:
            _scatter(folder / f"{scale}.png", predictions, report, scale)
            drawn.append(f"{scale}.png")
    _reliability(folder / "reliability.png", report)
    drawn.append("reliability.png")
    for answer in report["answers"]:
        _confusion(folder / f"confusion_{answer}.png", predictions, thresholds, answer)
        drawn.append(f"confusion_{answer}.png")
    return drawn


def confusion_of(
    predictions: Sequence[Prediction], thresholds: Mapping[str, float], *, answer: Answer = "judged"
) -> Any:
    """[7, 7] shares: of the ROIs whose true set has row, how the predicted sets are spread over columns; rows sum to 1.

    A label that was found counts for itself alone; the rest of a row's weight goes to what was said wrongly instead.
    """
    table = np.zeros((len(CLASSES), len(CLASSES)))
    guesses, truths, _ = sets_of(predictions, answer=answer, thresholds=thresholds)
    for guess, truth in zip(guesses, truths, strict=True):
        said, true = (set(one or ()) or {"clean"} for one in (guess, truth))
        for name in true:
            instead = [name] if name in said else sorted(said - true) or sorted(said)
            for other in instead:
                table[CLASSES.index(name), CLASSES.index(other)] += 1 / len(instead)
    return table / np.maximum(table.sum(axis=1, keepdims=True), 1)


def _scatter(path: Path, predictions: Sequence[Prediction], report: Mapping[str, Any], scale: Scale) -> None:
    guess, truth, _ = scores_of(predictions, scale)
    figure, axes = plt.subplots(figsize=(4.6, 4.4), layout="constrained")
    axes.plot([0, LEVEL_COUNT - 1], [0, LEVEL_COUNT - 1], color=GREY, linewidth=1)
    axes.scatter(truth, guess, s=9, alpha=0.35, color=BLUE, edgecolors="none")
    row = report["scores"][scale]
    axes.set(
        xlim=(-0.1, 4.1),
        ylim=(-0.1, 4.1),
        xlabel=f"{scale} of the labels (0 to 4)",
        ylabel="closed-set score (0 to 4)",
        title=f"{scale}: SROCC {_number(row['srocc']['estimate'])}, PLCC {_number(row['plcc']['estimate'])}",
    )
    _close(figure, path)


def _reliability(path: Path, report: Mapping[str, Any]) -> None:
    kinds = [(name, one) for name, one in report["calibration"].items() if one["rois"]]
    figure, panels = plt.subplots(
        1, max(len(kinds), 1), figsize=(3.6 * max(len(kinds), 1), 3.6), layout="constrained", squeeze=False
    )
    for axes, (name, one) in zip(panels[0], kinds, strict=False):
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
        low, height = [row["low"] for row in one["bins"]], [row["accuracy"] for row in one["bins"]]
        axes.bar(low, height, width=0.1, align="edge", color=BLUE, alpha=0.35, edgecolor="white")
        axes.plot([row["confidence"] for row in one["bins"]], height, "o-", color=RED, markersize=4, linewidth=1)
        for row in one["bins"]:
            axes.annotate(str(row["count"]), (row["low"] + 0.05, 0.01), ha="center", fontsize=6, color=GREY)
        axes.set(
            xlim=(0, 1),
            ylim=(0, 1),
            xlabel="stated probability",
            ylabel="share that came true",
            title=f"{name}, error {one['expected_calibration_error']:.3f}",
        )
    _close(figure, path)


def _confusion(path: Path, predictions: Sequence[Prediction], thresholds: Mapping[str, float], answer: Answer) -> None:
    table = confusion_of(predictions, thresholds, answer=answer)
    figure, axes = plt.subplots(figsize=(5.6, 5.0), layout="constrained")
    axes.imshow(table, cmap="Blues", vmin=0, vmax=1)
    axes.set_xticks(range(len(CLASSES)), CLASSES, rotation=40, ha="right")
    axes.set_yticks(range(len(CLASSES)), CLASSES)
    axes.set(xlabel="said", ylabel="labelled")
    for row, column in np.ndindex(*table.shape):
        value = table[row, column]
        if value >= 0.005:
            colour = "white" if value > 0.55 else "black"
            axes.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=8, color=colour)
    axes.set_title(f"{ANSWERS[answer]}: of each label, what was said (%)")
    _close(figure, path)


def _close(figure: Any, path: Path) -> None:
    figure.savefig(path, dpi=120)
    plt.close(figure)


def _number(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"
