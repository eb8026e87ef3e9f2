"""How far the raters agree: Krippendorff's alpha for ordinal votes, with a bootstrap interval.

Shapes: U units (ROIs), V values of the scale, G groups that are drawn together, B resamples.
"""

from typing import Final

import krippendorff
import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.resampling import BLOCK_CELLS, RESAMPLES, Interval, percentile_interval
from roiqa.consensus.rules.votes import IntArray, distinct_histograms

FloatArray = npt.NDArray[np.float64]

NO_VARIATION: Final = "undefined (no variation)"


def ordinal_alpha(votes: IntArray) -> float | None:
    """Krippendorff's alpha with the ordinal metric; None means NO_VARIATION.

    Shape: votes (U, V), the vote histogram of each ROI; ROIs may have different numbers of votes, those with fewer
    than two say nothing about agreement. Range: 1 is perfect, 0 is chance, below 0 is worse than chance.
    None when no ROI has two votes, or when all such votes are one and the same answer.
    Source: the `krippendorff` package, whose "ordinal" is Krippendorff's metric, not ordinal weights.
    """
    pairable = votes[votes.sum(axis=1) >= 2]
    if np.count_nonzero(pairable.sum(axis=0)) < 2:
        return None
    return float(krippendorff.alpha(value_counts=pairable, level_of_measurement="ordinal"))


def bootstrap_ordinal_alpha(
    votes: IntArray, *, clusters: IntArray | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """95 % interval of the ordinal alpha by resampling ROIs, or clusters of ROIs (images), with replacement.

    Shapes: votes (U, V); clusters (U,), any integers, equal for the ROIs that are drawn together. ROIs of one image
    are alike, so give clusters wherever the image is known: without them the interval is too narrow.
    """
    groups, multiplicity = _resampling_groups(votes, clusters)
    drawn = int(multiplicity.sum())
    if drawn == 0:
        return Interval(low=None, high=None, resamples=resamples, undefined=resamples)
    rng = np.random.default_rng(seed)
    block = max(1, BLOCK_CELLS // len(multiplicity))
    alphas = np.concatenate(
        [
            alpha_of_coincidences(
                rng.multinomial(drawn, multiplicity / drawn, size=min(block, resamples - start)) @ groups
            )
            for start in range(0, resamples, block)
        ]
    )
    return percentile_interval(alphas)


def unit_coincidences(votes: IntArray) -> FloatArray:
    """What each ROI adds to the coincidence matrix: (U, V) votes into (U, V*V), zeros below two votes.

    The coincidences of any sample of ROIs are the sum of their rows, so a resample costs one row of a matrix product.
    """
    values = votes.shape[1]
    pairs = votes[:, :, None] * votes[:, None, :] - votes[:, :, None] * np.eye(values, dtype=np.int64)
    others = np.maximum(votes.sum(axis=1) - 1, 1)
    coincidences: FloatArray = (pairs / others[:, None, None]).reshape(len(votes), values * values)
    return coincidences


def alpha_of_coincidences(coincidences: FloatArray) -> FloatArray:
    """Ordinal alpha of B coincidence matrices, (B, V*V) into (B,); NaN where there is no variation.

    Source: Krippendorff, Content Analysis; equal to the `krippendorff` package to 1e-12 (tested).
    """
    samples, cells = coincidences.shape
    values = int(np.sqrt(cells))
    observed = coincidences.reshape(samples, values, values)
    totals = observed.sum(axis=2)
    # The ordinal distance of two values: the votes between them, both ends counted half, squared.
    middle = np.cumsum(totals, axis=1) - totals / 2
    distance = (middle[:, :, None] - middle[:, None, :]) ** 2
    disagreement = (observed * distance).sum(axis=(1, 2))
    by_chance = np.einsum("bi,bj,bij->b", totals, totals, distance)
    alphas = np.full(samples, np.nan)
    defined = by_chance > 0
    pairable = totals.sum(axis=1)
    alphas[defined] = 1 - (pairable[defined] - 1) * disagreement[defined] / by_chance[defined]
    return alphas


def _resampling_groups(votes: IntArray, clusters: IntArray | None) -> tuple[FloatArray, npt.NDArray[np.int64]]:
    """The distinct things to draw and how often each occurs: (G, V*V) coincidences and (G,) counts.

    ROIs with equal histograms are interchangeable: drawing from the distinct histograms with their frequencies is the
    same bootstrap, at a cost that does not grow with the study.
    """
    if clusters is None:
        first, kind = distinct_histograms(votes)
        return unit_coincidences(votes[first]), np.bincount(kind).astype(np.int64)
    _, cluster = np.unique(clusters, return_inverse=True)
    count = int(cluster.max()) + 1 if len(cluster) else 0
    rows = unit_coincidences(votes)
    columns = [np.bincount(cluster, weights=column, minlength=count) for column in rows.T]
    groups: FloatArray = np.stack(columns, axis=1, dtype=np.float64)
    return groups, np.ones(count, dtype=np.int64)
