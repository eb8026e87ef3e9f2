"""Resampling images: how a statistic would have come out with other images of the same kind.

ROIs of one image are alike, and so are their votes. Drawing whole images with replacement keeps that likeness in every
resample; drawing single ROIs would promise more certainty than there is.

Shapes: U units (ROIs), G clusters of units (images), B resamples.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.votes import IntArray

FloatArray = npt.NDArray[np.float64]

RESAMPLES: Final = 1000
# Resamples are drawn in blocks of about this many counts (32 MB), so that memory does not grow with the study.
BLOCK_CELLS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Interval:
    """The 95 % percentile interval of a statistic over resamples; both ends None if no resample has a value."""

    low: float | None
    high: float | None
    resamples: int
    undefined: int  # resamples in which the statistic has no value (everybody gave one answer); they are left out


def cluster_numbers(units: int, clusters: IntArray | None) -> tuple[npt.NDArray[np.int64], int]:
    """The cluster of each unit as 0..G-1, (U,), and G; every unit by itself if clusters is None."""
    if clusters is None:
        return np.arange(units), units
    names, cluster = np.unique(clusters, return_inverse=True)
    return cluster.astype(np.int64), len(names)


def drawn_counts(clusters: int, *, resamples: int, seed: int, cells: int = 1) -> Iterator[FloatArray]:
    """How often each cluster was drawn in each resample, in blocks (b, G) that together have `resamples` rows.

    `cells` is how many numbers the caller keeps per cluster and resample; blocks are made that much smaller.
    The same seed gives the same resamples only for the same `cells`.
    """
    rng = np.random.default_rng(seed)
    block = max(1, BLOCK_CELLS // max(1, clusters, cells))
    for start in range(0, resamples, block):
        size = min(block, resamples - start)
        # Counting uniform draws is the multinomial distribution, several times faster than asking for it.
        cells_drawn = rng.integers(0, max(1, clusters), (size, clusters)) + clusters * np.arange(size)[:, None]
        counts = np.bincount(cells_drawn.ravel(), minlength=size * clusters)
        yield counts.reshape(size, clusters).astype(np.float64)


def percentile_interval(values: FloatArray) -> Interval:
    """The 2.5 % and 97.5 % points of B values, NaN standing for a resample without one."""
    defined = values[~np.isnan(values)]
    undefined = len(values) - len(defined)
    if not len(defined):
        return Interval(low=None, high=None, resamples=len(values), undefined=undefined)
    low, high = np.quantile(defined, [0.025, 0.975])
    return Interval(low=float(low), high=float(high), resamples=len(values), undefined=undefined)


def bootstrap_mean(
    values: FloatArray, *, clusters: IntArray | None, resamples: int = RESAMPLES, seed: int = 0
) -> Interval:
    """Interval of the mean of U values (NaN: no value) when whole clusters are drawn."""
    known = ~np.isnan(values)
    cluster, count = cluster_numbers(len(values), clusters)
    if not known.any():
        return Interval(low=None, high=None, resamples=resamples, undefined=resamples)
    sums = np.bincount(cluster[known], weights=values[known], minlength=count)
    units = np.bincount(cluster[known], minlength=count).astype(np.float64)
    means = []
    for drawn in drawn_counts(count, resamples=resamples, seed=seed):
        total = drawn @ units
        means.append(np.divide(drawn @ sums, total, out=np.full(len(drawn), np.nan), where=total > 0))
    return percentile_interval(np.concatenate(means))
