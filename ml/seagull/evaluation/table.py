"""The rows of Tables 1 and 2 from predictions, and the same numbers on any choice of ROIs for the bootstrap."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ml.seagull.evaluation.bootstrap import IntArray, image_bootstrap
from ml.seagull.evaluation.metrics import (
    CLEAN,
    INDEX_VALUES,
    FloatArray,
    SetScores,
    class_f1,
    defined,
    distorted,
    expected_value,
    logistic_plcc,
    macro,
    plcc,
    roi_scores,
    sample_average,
    srocc,
)
from ml.seagull.evaluation.predictions import Prediction
from ml.seagull.language.levels import DISTORTIONS

Scale = Literal["quality", "importance"]
Answer = Literal["judged", "told"]
CLASSES = (*DISTORTIONS, CLEAN)


@dataclass(frozen=True, slots=True)
class Correlation:
    srocc: float
    plcc: float
    rois: int


def scores_of(predictions: Sequence[Prediction], scale: Scale) -> tuple[FloatArray, FloatArray, list[int]]:
    """Closed-set scores, label means and the rows they belong to: ROIs whose mean is known."""
    rows = [row for row, one in enumerate(predictions) if getattr(one.labels, scale) is not None]
    probabilities = np.asarray([getattr(predictions[row], scale) for row in rows], np.float64).reshape(-1, 5)
    truth = np.asarray([getattr(predictions[row].labels, scale) for row in rows], np.float64)
    return expected_value(probabilities, INDEX_VALUES), truth, rows


def quality_of(predictions: Sequence[Prediction], scale: Scale) -> Correlation:
    """SROCC and raw PLCC of quality or importance."""
    guess, truth, rows = scores_of(predictions, scale)
    return Correlation(srocc=srocc(guess, truth), plcc=plcc(guess, truth), rois=len(rows))


def sets_of(
    predictions: Sequence[Prediction],
    *,
    answer: Answer = "judged",
    thresholds: Mapping[str, float] | None = None,
    severity: bool = False,
) -> tuple[list[set[Any] | None], list[set[Any]], list[int]]:
    """Predicted and true label sets and their rows: types, or (type, severity) pairs where every severity is known."""
    guesses: list[set[Any] | None] = []
    truths: list[set[Any]] = []
    rows: list[int] = []
    for row, one in enumerate(predictions):
        true = one.labels.distortions
        if true is None or (severity and any(level is None for level in true.values())):
            continue
        guess = one.judged(thresholds or {}) if answer == "judged" else one.told
        guesses.append(None if guess is None else set(guess.items()) if severity else set(guess))
        truths.append(set(true.items()) if severity else set(true))
        rows.append(row)
    return guesses, truths, rows


def types_of(predictions: Sequence[Prediction], *, answer: Answer = "judged") -> SetScores:
    """Sample-average precision, recall and F1 of the types."""
    guesses, truths, _ = sets_of(predictions, answer=answer)
    return sample_average(guesses, truths)


def correlation_rows(
    predictions: Sequence[Prediction], scale: Scale, clusters: Sequence[str], *, resamples: int
) -> dict[str, Any]:
    """Table 1's columns of one scale with intervals; the fitted PLCC beside the raw one."""
    guess, truth, rows = scores_of(predictions, scale)
    if not rows:
        return {"rois": 0}
    images = [clusters[row] for row in rows]
    fit = logistic_plcc(guess, truth)

    def interval(of: Callable[[FloatArray, FloatArray], float]) -> dict[str, Any]:
        return image_bootstrap(lambda chosen: of(guess[chosen], truth[chosen]), images, resamples=resamples).as_json()

    return {
        "rois": len(rows),
        "srocc": interval(srocc),
        "plcc": interval(plcc),
        "plcc_fitted": {"estimate": defined(fit.plcc), "parameters": fit.parameters, "converged": fit.converged},
    }


def set_rows(
    predictions: Sequence[Prediction],
    clusters: Sequence[str],
    *,
    answer: Answer,
    thresholds: Mapping[str, float],
    resamples: int,
    severity: bool,
) -> dict[str, Any]:
    """Table 1's columns of types or severities with intervals, with and without clean ROIs."""
    guesses, truths, rows = sets_of(predictions, answer=answer, thresholds=thresholds, severity=severity)
    if not rows:
        return {"rois": 0}
    images = [clusters[row] for row in rows]

    scores, kept = roi_scores(guesses, truths), distorted(truths)

    def interval(column: int, *, with_clean: bool = True) -> dict[str, Any]:
        def of(chosen: IntArray) -> float:
            counted = chosen if with_clean else chosen[kept[chosen]]
            return float(scores[counted, column].mean()) if len(counted) else float("nan")

        return image_bootstrap(of, images, resamples=resamples).as_json()

    return {
        "rois": len(rows),
        "unparsed": sum(guess is None for guess in guesses),
        **{name: interval(column) for column, name in enumerate(("precision", "recall", "f1"))},
        "f1_without_clean": interval(2, with_clean=False),
    }


def class_rows(
    predictions: Sequence[Prediction], *, answer: Answer, thresholds: Mapping[str, float]
) -> dict[str, float | None]:
    """Table 2: binary F1 of the six types and clean, and their mean."""
    guesses, truths, _ = sets_of(predictions, answer=answer, thresholds=thresholds)
    found = class_f1(guesses, truths, CLASSES)
    return {**{str(name): defined(value) for name, value in found.items()}, "average": defined(macro(found.values()))}
