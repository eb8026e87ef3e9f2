"""Two models on the same ROIs: the differences of Table 1's numbers with paired image-cluster intervals.

A model is not worse in a metric if the interval of its difference does not lie wholly below zero and the estimate is
at most MARGIN below: on few images every interval reaches zero, and a wide one must not let a random model pass.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from ml.seagull.evaluation.bootstrap import IntArray, Statistic, paired_bootstrap
from ml.seagull.evaluation.metrics import FloatArray, plcc, roi_scores, srocc
from ml.seagull.evaluation.predictions import Prediction
from ml.seagull.evaluation.report import SCALES
from ml.seagull.evaluation.table import Answer, scores_of, sets_of

MARGIN: Final = 0.05
_CORRELATIONS: tuple[tuple[str, Callable[[FloatArray, FloatArray], float]], ...] = (("srocc", srocc), ("plcc", plcc))


def compare(
    first: Sequence[Prediction],
    second: Sequence[Prediction],
    *,
    thresholds: tuple[Mapping[str, float], Mapping[str, float]] = ({}, {}),
    resamples: int = 1000,
) -> dict[str, Any]:
    """{"n_rois", "n_images", "resamples", "margin", "answer", "metrics": {name: {"a", "b", "difference", "interval",
    "not_worse"}}, "not_worse"}: `a` of the first, `b` of the second, difference a - b. Both must predict the same ROIs in one order.

    A metric whose labels do not vary is left out. Raises ValueError where ROIs differ or no metric is left.
    """
    if [one.roi_id for one in first] != [one.roi_id for one in second]:
        raise ValueError("The two models predicted different ROIs: score both on the same split.")
    if not first:
        raise ValueError("no labelled ROI of the test split is left that neither model was trained on.")
    images = [one.image_id for one in first]
    metrics: dict[str, dict[str, Any]] = {}
    for scale in SCALES:
        guess, truth, rows = scores_of(first, scale)
        other, _, _ = scores_of(second, scale)
        if len(rows) < 2 or not np.ptp(truth):
            continue
        kept = [images[row] for row in rows]
        for name, of in _CORRELATIONS:
            pair = _correlation(of, guess, truth), _correlation(of, other, truth)
            metrics[f"{scale}_{name}"] = _metric(*pair, kept, resamples)
    # As told in words, as a suggestion is; judged by Yes and No where one of the two was not asked for words.
    answer: Answer = "told" if all(one.told is not None for one in (*first, *second)) else "judged"
    scores, rows = _f1(first, answer, thresholds[0])
    if rows:
        others, _ = _f1(second, answer, thresholds[1])
        kept = [images[row] for row in rows]
        metrics["types_f1"] = _metric(_mean(scores), _mean(others), kept, resamples)
    if not metrics:
        raise ValueError("No metric can be compared: the labels of the test split do not vary, or there are none.")
    return {
        "n_rois": len(first),
        "n_images": len(set(images)),
        "resamples": resamples,
        "margin": MARGIN,
        "answer": answer,
        "metrics": metrics,
        "not_worse": all(one["not_worse"] for one in metrics.values()),
    }


def _correlation(of: Callable[[FloatArray, FloatArray], float], guess: FloatArray, truth: FloatArray) -> Statistic:
    def value(rows: IntArray) -> float:
        found = of(guess[rows], truth[rows])
        # A model that says the same of everything has learned nothing; labels that are all the same say nothing of it.
        return 0.0 if np.isnan(found) and len(rows) > 1 and np.ptp(truth[rows]) else found

    return value


def _f1(
    predictions: Sequence[Prediction], answer: Answer, thresholds: Mapping[str, float]
) -> tuple[FloatArray, list[int]]:
    guesses, truths, rows = sets_of(predictions, answer=answer, thresholds=thresholds)
    return roi_scores(guesses, truths)[:, 2], rows


def _mean(scores: FloatArray) -> Statistic:
    return lambda rows: float(scores[rows].mean())


def _metric(first: Statistic, second: Statistic, images: Sequence[str], resamples: int) -> dict[str, Any]:
    interval = paired_bootstrap(first, second, images, resamples=resamples)
    everything = np.arange(len(images))
    # Undefined in every resample: the labels of each single image are all the same.
    low, high = (interval.low, interval.high) if np.isfinite(interval.low) else (interval.estimate,) * 2
    return {
        "a": first(everything),
        "b": second(everything),
        "difference": interval.estimate,
        "interval": [low, high],
        "not_worse": high >= 0 and interval.estimate >= -MARGIN,
    }
