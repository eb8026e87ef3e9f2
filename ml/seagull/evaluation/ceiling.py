"""How good a model could look at best: the labels are means of a few raters, and answers are one of five words.

Shapes: R ROIs, K levels.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ml.seagull.evaluation.metrics import FloatArray, srocc
from ml.seagull.language.levels import level_of

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class PanelCeiling:
    """What half of the raters tells of the other half, mean over the random halvings.

    srocc: between the halves' means. srocc_full: Spearman-Brown, for a second panel as large as the whole one.
    same_word: share of ROIs for which both halves give the same level word.
    """

    srocc: float
    srocc_full: float
    same_word: float
    rois: int
    halvings: int


def word_ceiling(means: FloatArray) -> float:
    """SROCC of the right level with the mean itself: what five words can keep of it."""
    means = np.asarray(means, np.float64)
    return srocc(np.asarray([level_of(mean) for mean in means], np.float64), means)


def panel_ceiling(votes: Sequence[Sequence[int]], *, halvings: int = 50, seed: int = 0) -> PanelCeiling | None:
    """Split every ROI's votes into two halves at random and compare them; None if fewer than two ROIs have two votes.

    Raters are exchangeable within an ROI, so the histogram of its votes is enough.
    """
    panels = [np.repeat(np.arange(len(votes)), votes) for votes in votes if sum(votes) > 1]
    if len(panels) < 2:
        return None
    generator = np.random.default_rng(seed)
    correlations, agreements = [], []
    for _ in range(halvings):
        halves = np.asarray([_half_means(generator.permutation(panel)) for panel in panels])
        correlations.append(srocc(halves[:, 0], halves[:, 1]))
        agreements.append(np.mean([level_of(a) == level_of(b) for a, b in halves]))
    half = float(np.mean(correlations))
    return PanelCeiling(
        srocc=half,
        # Where the halves contradict each other there is nothing to step up, and at -1 a division by 0.
        srocc_full=2 * half / (1 + half) if half > 0 else half,
        same_word=float(np.mean(agreements)),
        rois=len(panels),
        halvings=halvings,
    )


def _half_means(votes: IntArray) -> tuple[float, float]:
    middle = len(votes) // 2
    return float(votes[:middle].mean()), float(votes[middle:].mean())
