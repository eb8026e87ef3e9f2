"""Whether stated probabilities come true, and the temperature and thresholds that make them do so.

Both are fitted on a validation part and stored with the weights; the test part only reports them.
Shapes: R ROIs, K classes, M bins.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

from ml.seagull.evaluation.metrics import FloatArray, level_probabilities

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]
MIN_PROBABILITY = 1e-12


@dataclass(frozen=True)
class ReliabilityBin:
    """Answers whose confidence lies in low..high: how many, how sure on average, how often right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(confidence: FloatArray, correct: BoolArray, *, bins: int = 10) -> list[ReliabilityBin]:
    """The non-empty ones of `bins` equally wide bins over 0..1."""
    index = np.minimum((np.asarray(confidence) * bins).astype(int), bins - 1)
    table = []
    for number in range(bins):
        inside = index == number
        if inside.any():
            table.append(
                ReliabilityBin(
                    low=number / bins,
                    high=(number + 1) / bins,
                    count=int(inside.sum()),
                    confidence=float(confidence[inside].mean()),
                    accuracy=float(correct[inside].mean()),
                )
            )
    return table


def expected_calibration_error(table: Sequence[ReliabilityBin]) -> float:
    """Mean distance of confidence from accuracy, weighted by how many answers a bin has; NaN without answers."""
    total = sum(row.count for row in table)
    return sum(row.count * abs(row.confidence - row.accuracy) for row in table) / total if total else float("nan")


def fit_temperature(probabilities: FloatArray, levels: IntArray) -> float:
    """Temperature 0.05..20 that makes the known levels likeliest: probabilities become softmax(log p / temperature)."""
    logits = np.log(np.maximum(probabilities, MIN_PROBABILITY))
    rows = np.arange(len(levels))

    def loss(log_temperature: float) -> float:
        scaled = level_probabilities(logits / np.exp(log_temperature))
        return float(-np.log(np.maximum(scaled[rows, levels], MIN_PROBABILITY)).mean())

    found = optimize.minimize_scalar(loss, bounds=(np.log(0.05), np.log(20.0)), method="bounded")
    return float(np.exp(found.x))


def at_temperature(probabilities: FloatArray, temperature: float) -> FloatArray:
    """The probabilities at another temperature; 1 changes nothing."""
    return level_probabilities(np.log(np.maximum(probabilities, MIN_PROBABILITY)) / temperature)


def fit_threshold(present: FloatArray, truth: BoolArray) -> float:
    """Threshold on a type's probability with the best F1 on these ROIs; 0.5 where the type never occurs.

    It lies midway between two seen probabilities; of equally good ones the one nearest to 0.5.
    """
    if not truth.any():
        return 0.5
    seen = np.unique(np.concatenate([[0.0, 1.0], np.asarray(present, np.float64)]))
    candidates = (seen[1:] + seen[:-1]) / 2
    predicted = np.asarray(present)[None, :] >= candidates[:, None]
    hits = (predicted & truth).sum(axis=1)
    f1 = 2 * hits / (predicted.sum(axis=1) + truth.sum())
    best = candidates[f1 >= f1.max() - 1e-12]
    return float(best[np.argmin(np.abs(best - 0.5))])
