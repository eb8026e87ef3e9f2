"""The JSON report of one set of weights on one set of labels: Tables 1 and 2, ceilings, calibration."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ml.seagull.evaluation import calibration
from ml.seagull.evaluation.ceiling import panel_ceiling, word_ceiling
from ml.seagull.evaluation.metrics import defined
from ml.seagull.evaluation.predictions import Prediction
from ml.seagull.evaluation.table import Answer, Scale, class_rows, correlation_rows, scores_of, set_rows
from ml.seagull.language.levels import DISTORTIONS

SCALES: tuple[Scale, ...] = ("quality", "importance")


def report_of(
    predictions: Sequence[Prediction],
    *,
    clusters: Mapping[str, str],
    thresholds: Mapping[str, float],
    resamples: int,
    facts: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything that is reported. `clusters` names the group that an image is resampled with (default: the image).

    Answers: `judged` from the Yes/No judgments, and `told` from the answer in words where it was asked for.
    Raises: ValueError without any prediction.
    """
    if not predictions:
        raise ValueError("No ROI was predicted: is the split empty?")
    groups = [clusters.get(one.image_id, one.image_id) for one in predictions]
    answers: list[Answer] = ["judged"]
    if any(one.told is not None for one in predictions):
        answers.append("told")
    return {
        **facts,
        "rois": len(predictions),
        "images": len({one.image_id for one in predictions}),
        "clusters": len(set(groups)),
        "resamples": resamples,
        "scores": {scale: correlation_rows(predictions, scale, groups, resamples=resamples) for scale in SCALES},
        "answers": {
            answer: {
                "types": set_rows(
                    predictions, groups, answer=answer, thresholds=thresholds, resamples=resamples, severity=False
                ),
                "severities": set_rows(
                    predictions, groups, answer=answer, thresholds=thresholds, resamples=resamples, severity=True
                ),
                "per_type_f1": class_rows(predictions, answer=answer, thresholds=thresholds),
            }
            for answer in answers
        },
        "ceiling": {scale: _ceiling(predictions, scale) for scale in SCALES},
        "calibration": {
            **{scale: _levels_calibration(predictions, scale) for scale in SCALES},
            "presence": _presence_calibration(predictions),
        },
        "thresholds": {name: thresholds.get(name, 0.5) for name in DISTORTIONS},
    }


def fitted_calibration(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Temperatures and thresholds of these predictions, as `calibration.json` holds them. Not for the part reported.

    Predictions must have been made at temperature 1.
    """
    temperatures = {}
    for scale in SCALES:
        probabilities, levels = _levels(predictions, scale)
        if len(levels):
            temperatures[scale] = calibration.fit_temperature(probabilities, levels)
    known = [one for one in predictions if one.labels.distortions is not None]
    thresholds = {
        name: calibration.fit_threshold(
            np.asarray([one.present[name] for one in known], np.float64),
            np.asarray([name in (one.labels.distortions or {}) for one in known], np.bool_),
        )
        for name in (DISTORTIONS if known else ())
    }
    return {"temperatures": temperatures, "thresholds": thresholds}


def _levels(predictions: Sequence[Prediction], scale: Scale) -> tuple[Any, Any]:
    known = [one for one in predictions if getattr(one.labels, f"{scale}_level") is not None]
    probabilities = np.asarray([getattr(one, scale) for one in known], np.float64).reshape(-1, 5)
    return probabilities, np.asarray([getattr(one.labels, f"{scale}_level") for one in known], np.int64)


def _levels_calibration(predictions: Sequence[Prediction], scale: Scale) -> dict[str, Any]:
    probabilities, levels = _levels(predictions, scale)
    if not len(levels):
        return {"rois": 0}
    correct = probabilities.argmax(axis=1) == levels
    return _calibration(probabilities.max(axis=1), correct)


def _presence_calibration(predictions: Sequence[Prediction]) -> dict[str, Any]:
    """Of every (ROI, type): how often the type is there when it is called so likely."""
    pairs = [
        (one.present[name], name in one.labels.distortions)
        for one in predictions
        if one.labels.distortions is not None
        for name in DISTORTIONS
    ]
    if not pairs:
        return {"rois": 0}
    present, truth = np.asarray(pairs, np.float64).T
    return _calibration(present, truth.astype(np.bool_))


def _calibration(confidence: Any, correct: Any) -> dict[str, Any]:
    table = calibration.reliability(confidence, correct)
    error = calibration.expected_calibration_error(table)
    return {
        "rois": len(correct),
        "accuracy": float(np.mean(correct)),
        "expected_calibration_error": error,
        "bins": [asdict(row) for row in table],
    }


def _ceiling(predictions: Sequence[Prediction], scale: Scale) -> dict[str, Any]:
    """What a model that always says the right word would reach on these labels, and what another panel of people would."""
    _, truth, rows = scores_of(predictions, scale)
    found = word_ceiling(truth) if len(rows) > 1 else float("nan")
    panel = panel_ceiling([one.labels.votes[scale] for one in predictions if scale in one.labels.votes])
    return {
        "srocc_of_the_right_word": defined(found),
        "panel": asdict(panel) if panel is not None and np.isfinite(panel.srocc) else None,
    }
