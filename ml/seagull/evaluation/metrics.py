"""The metrics of Tables 1 and 2: correlations of scores, and precision, recall and F1 of label sets. Pure NumPy.

Source: SEAGULL section 5.1 C and Tables 1 and 2; `specs/methodology.md` 4.5 to 4.7 settles what the paper leaves open.
Shapes: R ROIs, K levels.
"""

from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize, stats

FloatArray = npt.NDArray[np.float64]

LEVELS = 5
SCALE_MAX = 4.0
CLEAN = "clean"
# The level's index (0..4), and the middle of its bin on the rating scale 0..4: what a shown number should be.
INDEX_VALUES: FloatArray = np.arange(LEVELS, dtype=np.float64)
MIDPOINT_VALUES: FloatArray = SCALE_MAX * (INDEX_VALUES + 0.5) / LEVELS


@dataclass(frozen=True)
class LogisticFit:
    """PLCC after y = (b1 - b2) / (1 + exp(-(x - b3) / b4)) + b2 was fitted; `converged` False: `plcc` is the raw one."""

    plcc: float
    parameters: tuple[float, float, float, float] | None
    converged: bool


@dataclass(frozen=True)
class SetScores:
    """Sample-average precision, recall and F1, 0..1."""

    precision: float
    recall: float
    f1: float


def level_probabilities(logits: FloatArray) -> FloatArray:
    """Softmax over the level tokens' logits alone (last axis); the rest of the vocabulary is ignored."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    exponentials: FloatArray = np.exp(shifted)
    normalised: FloatArray = exponentials / exponentials.sum(axis=-1, keepdims=True)
    return normalised


def expected_value(probabilities: FloatArray, values: FloatArray = MIDPOINT_VALUES) -> FloatArray:
    """Expectation of the level under its probabilities: in 0.4..3.6 with bin midpoints, in 0..4 with INDEX_VALUES."""
    expected: FloatArray = probabilities @ values
    return expected


def defined(value: float) -> float | None:
    """The number, or None where it is none: what a JSON report holds for a statistic that its ROIs do not define."""
    return value if np.isfinite(value) else None


def plcc(predicted: FloatArray, truth: FloatArray) -> float:
    """Pearson's correlation; NaN where one side is constant or fewer than two ROIs are given."""
    x, y = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    if x.size != y.size:
        raise ValueError(f"{x.size} predictions were given for {y.size} labels: they must be as many.")
    if x.size < 2:
        return float("nan")
    x, y = x - x.mean(), y - y.mean()
    norm = float(np.sqrt((x @ x) * (y @ y)))
    return float(np.clip((x @ y) / norm, -1.0, 1.0)) if norm > 0 else float("nan")


def srocc(predicted: FloatArray, truth: FloatArray) -> float:
    """Spearman's rank correlation, ties at their mean rank; NaN as for `plcc`."""
    return plcc(stats.rankdata(predicted), stats.rankdata(truth))


def logistic_plcc(predicted: FloatArray, truth: FloatArray) -> LogisticFit:
    """PLCC after the four-parameter logistic fit of the labels on the predictions.

    The fit sees the test labels, so it is the second number; the raw PLCC is the first (specs 4.5).
    """
    x, y = np.asarray(predicted, np.float64), np.asarray(truth, np.float64)
    raw = plcc(x, y)
    failed = LogisticFit(plcc=raw, parameters=None, converged=False)
    if x.size < 5 or not np.isfinite(raw):
        return failed
    start = np.array([y.max(), y.min(), x.mean(), x.std() / 4])
    try:
        found = optimize.least_squares(
            lambda b: _logistic(x, b) - y, start, x_scale=np.abs(start) + 1e-3, max_nfev=2000
        )
    except ValueError:  # The residuals left the range of floats.
        return failed
    fitted = plcc(_logistic(x, found.x), y)
    if not found.success or not np.isfinite(fitted):
        return failed
    b1, b2, b3, b4 = (float(value) for value in found.x)
    return LogisticFit(plcc=fitted, parameters=(b1, b2, b3, b4), converged=True)


def _logistic(x: FloatArray, b: FloatArray) -> FloatArray:
    width = b[3] if abs(b[3]) > 1e-12 else 1e-12
    curve: FloatArray = (b[0] - b[1]) / (1.0 + np.exp(-np.clip((x - b[2]) / width, -500.0, 500.0))) + b[1]
    return curve


def sample_average(
    predicted: Sequence[Collection[Hashable] | None], truth: Sequence[Collection[Hashable]], *, with_clean: bool = True
) -> SetScores:
    """Mean over ROIs of precision, recall and F1 of the predicted label set.

    An empty set stands for {clean}: clean is a label of its own. None is an answer that did not parse: it scores 0.
    `with_clean` False leaves out the ROIs whose truth is clean. Labels: types, or (type, severity) pairs.
    Raises: ValueError if the sides differ in length or no ROI is left.
    """
    scores = roi_scores(predicted, truth)
    if not with_clean:
        scores = scores[distorted(truth)]
    if not len(scores):
        raise ValueError("No ROI is left to score: give at least one.")
    precision, recall, f1 = scores.mean(axis=0).tolist()
    return SetScores(precision=precision, recall=recall, f1=f1)


def roi_scores(predicted: Sequence[Collection[Hashable] | None], truth: Sequence[Collection[Hashable]]) -> FloatArray:
    """[R, 3]: precision, recall and F1 of each ROI, of which `sample_average` is the mean."""
    rows = [
        _scores_of(None if guess is None else set(guess) or {CLEAN}, set(labels) or {CLEAN})
        for guess, labels in zip(predicted, truth, strict=True)
    ]
    return np.asarray(rows, np.float64).reshape(-1, 3)


def distorted(truth: Sequence[Collection[Hashable]]) -> npt.NDArray[np.bool_]:
    """[R]: whether the ROI has any label but clean."""
    return np.asarray([bool(set(labels) - {CLEAN}) for labels in truth], np.bool_)


def _scores_of(predicted: set[Hashable] | None, truth: set[Hashable]) -> tuple[float, float, float]:
    common = len(truth & predicted) if predicted else 0
    if not predicted or not common:
        return 0.0, 0.0, 0.0
    precision, recall = common / len(predicted), common / len(truth)
    return precision, recall, 2 * precision * recall / (precision + recall)


def class_f1(
    predicted: Sequence[Collection[Hashable] | None], truth: Sequence[Collection[Hashable]], classes: Sequence[Hashable]
) -> dict[Hashable, float]:
    """Binary F1 of each class over the ROIs (Table 2); NaN for one that is neither true nor predicted anywhere."""
    pairs = [
        (frozenset() if guess is None else set(guess) or {CLEAN}, set(labels) or {CLEAN})
        for guess, labels in zip(predicted, truth, strict=True)
    ]
    scores: dict[Hashable, float] = {}
    for name in classes:
        hits = sum(name in guess and name in labels for guess, labels in pairs)
        mentions = sum((name in guess) + (name in labels) for guess, labels in pairs)
        scores[name] = 2 * hits / mentions if mentions else float("nan")
    return scores


def macro(scores: Collection[float]) -> float:
    """Mean over the classes that are defined, as Table 2's last column; NaN if none is."""
    defined = [score for score in scores if np.isfinite(score)]
    return float(np.mean(defined)) if defined else float("nan")
