"""Gwet's AC2 with ordinal weights: chance-corrected agreement that does not collapse when a distortion is rare.

Where 97 % of all votes are "nonexistent", alpha is near 0 although nearly everybody agrees, because alpha's idea of
chance is that raters draw from those same 97 %. AC2's idea of chance is smaller there. Show both, and the prevalence.

Shapes: U units (ROIs), V answers of the scale, G clusters (images), B resamples.
"""

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.resampling import (
    RESAMPLES,
    Interval,
    cluster_numbers,
    drawn_counts,
    percentile_interval,
)
from roiqa.consensus.rules.votes import IntArray, distinct_histograms

FloatArray = npt.NDArray[np.float64]


def ordinal_weights(values: int) -> FloatArray:
    """How much two answers agree, (V, V): 1 if equal, 0 for the two ends; 1 - C(|k-l|+1, 2) / C(V, 2)."""
    steps = np.abs(np.subtract.outer(np.arange(values), np.arange(values)))
    weights: FloatArray = 1 - steps * (steps + 1) / (values * (values - 1))
    return weights


def gwet_ac2(votes: IntArray) -> float | None:
    """AC2 of vote histograms (U, V); None if no ROI has two votes. 1 is perfect, 0 is chance.

    V must be the number of answers that the scale offers, whether or not all were given.
    Source: Gwet, Handbook of Inter-Rater Reliability (4th ed.); equal to the R and Python packages irrCAC.
    """
    coefficient = coefficient_of_sums(_total(votes)[None], votes.shape[1])[0]
    return None if np.isnan(coefficient) else float(coefficient)


def raw_agreement(votes: IntArray) -> float | None:
    """The weighted share of pairs of votes on one ROI that agree, 0..1, not corrected for chance; None without a pair."""
    sums = _total(votes)
    return float(sums[0] / sums[1]) if sums[1] else None


def bootstrap_gwet_ac2(
    votes: IntArray, *, clusters: IntArray | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """95 % interval of AC2 when whole clusters of ROIs are drawn; shapes: votes (U, V), clusters (U,)."""
    cluster, count = cluster_numbers(len(votes), clusters)
    if not count:
        return Interval(low=None, high=None, resamples=resamples, undefined=resamples)
    per_cluster = np.stack([np.bincount(cluster, column, count) for column in _sums(votes).T], axis=1)
    coefficients = [
        coefficient_of_sums(drawn @ per_cluster, votes.shape[1])
        for drawn in drawn_counts(count, resamples=resamples, seed=seed)
    ]
    return percentile_interval(np.concatenate(coefficients))


def _total(votes: IntArray) -> FloatArray:
    """The sum of `_sums` over all ROIs, (3 + V,); equal histograms are looked at once."""
    first, kind = distinct_histograms(votes)
    total: FloatArray = np.bincount(kind, minlength=len(first)) @ _sums(votes[first])
    return total


def _sums(votes: IntArray) -> FloatArray:
    """What each ROI adds, (U, 3 + V): its agreement, that it can be compared, that it has votes, its shares."""
    values = votes.shape[1]
    n = votes.sum(axis=1)
    pairs = n * (n - 1)
    agreeing = (votes * (votes @ ordinal_weights(values) - 1)).sum(axis=1)
    agreement = np.divide(agreeing, pairs, out=np.zeros(len(votes)), where=pairs > 0)
    return np.column_stack([agreement, n >= 2, n >= 1, votes / np.maximum(n, 1)[:, None]]).astype(np.float64)


def coefficient_of_sums(sums: FloatArray, values: int) -> FloatArray:
    """AC2 of B sums of what `_sums` says of ROIs, (B, 3 + V) into (B,); NaN where no ROI can be compared."""
    comparable, rated = sums[:, 1], np.maximum(sums[:, 2], 1)
    shares = sums[:, 3:] / rated[:, None]
    by_chance = ordinal_weights(values).sum() / (values * (values - 1)) * (shares * (1 - shares)).sum(axis=1)
    observed = np.divide(sums[:, 0], comparable, out=np.full(len(sums), np.nan), where=comparable > 0)
    coefficients: FloatArray = (observed - by_chance) / (1 - by_chance)
    return coefficients
