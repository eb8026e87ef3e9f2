"""Split-half reliability: would another half of the raters have ranked the ROIs alike?

The votes of each ROI are split at random into two halves, the halves' means are correlated over the ROIs (Spearman),
and the mean r over many splits is stepped up to the full number of votes by 2r / (1 + r) (Spearman-Brown).

Shapes: N ratings, R ROIs, S scales, G clusters (images), B resamples.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.ranks import spearman_of_counts
from roiqa.consensus.rules.resampling import (
    RESAMPLES,
    Interval,
    cluster_numbers,
    drawn_counts,
    percentile_interval,
)
from roiqa.consensus.rules.votes import IntArray

FloatArray = npt.NDArray[np.float64]

SPLITS: Final = 100
# In a large study one split more changes nothing that is printed.
LARGE_STUDY_ROIS: Final = 10_000
LARGE_STUDY_SPLITS: Final = 5
# Within one resample the mean of few splits is enough: their noise is small beside that of the drawn images.
SPLITS_PER_RESAMPLE: Final = 5


@dataclass(frozen=True, slots=True)
class SplitHalf:
    """On each of S scales, NaN where the halves do not vary."""

    half: FloatArray  # (S,) mean Spearman correlation of two halves
    full: FloatArray  # (S,) stepped up to all votes


def split_half(panel: PanelVotes, *, splits: int | None = None, seed: int = 0) -> SplitHalf:
    """Mean correlation of random halves on each scale; ROIs with one vote are left out.

    With an odd number of votes one half has one vote more. `splits` defaults to 100, and 5 above 10,000 ROIs.
    """
    if splits is None:
        splits = SPLITS if panel.roi_count <= LARGE_STUDY_ROIS else LARGE_STUDY_SPLITS
    everything = np.ones((1, 1))
    one_cluster = np.zeros(panel.roi_count, dtype=np.int64)
    half = _mean_correlation(panel, one_cluster, 1, [everything], splits=splits, seed=seed)[0]
    return SplitHalf(half=half, full=stepped_up(half))


def bootstrap_split_half(
    panel: PanelVotes, *, clusters: IntArray | None = None, resamples: int = RESAMPLES, seed: int = 0
) -> list[Interval]:
    """95 % intervals of the stepped-up correlation on each scale when whole clusters of ROIs are drawn."""
    cluster, count = cluster_numbers(panel.roi_count, clusters)
    blocks = list(drawn_counts(count, resamples=resamples, seed=seed))
    half = _mean_correlation(panel, cluster, count, blocks, splits=SPLITS_PER_RESAMPLE, seed=seed)
    return [percentile_interval(column) for column in stepped_up(half).T]


def stepped_up(half: FloatArray) -> FloatArray:
    """Spearman-Brown for twice the votes: 2r / (1 + r)."""
    full: FloatArray = 2 * half / (1 + np.where(half > -1, half, np.nan))
    return full


def _mean_correlation(
    panel: PanelVotes, cluster: npt.NDArray[np.int64], count: int, drawn: list[FloatArray], *, splits: int, seed: int
) -> FloatArray:
    """The mean over splits of the halves' correlation in each resample, (B, S); `drawn` holds (b, G) counts."""
    rng = np.random.default_rng(seed)
    groups = _rois_by_votes(panel)
    roi = np.concatenate([rois for rois, _ in groups]) if groups else np.zeros(0, dtype=np.int64)
    resamples = sum(len(block) for block in drawn)
    if not len(roi):
        return np.full((resamples, panel.votes.shape[1]), np.nan)
    of_roi = cluster[roi]
    total = np.zeros((resamples, panel.votes.shape[1]))
    for _ in range(splits):
        first, second, values = _halves(panel, groups, rng)
        for scale in range(panel.votes.shape[1]):
            total[:, scale] += _correlations(
                first[:, scale], second[:, scale], values=values, of_roi=of_roi, count=count, drawn=drawn
            )
    return total / splits


def _correlations(
    first: IntArray,
    second: IntArray,
    *,
    values: int,
    of_roi: npt.NDArray[np.int64],
    count: int,
    drawn: list[FloatArray],
) -> FloatArray:
    cell = first * values + second
    # There are few kinds of pairs: finding them by counting is much faster than by sorting.
    kinds = np.flatnonzero(np.bincount(cell, minlength=values**2))
    number = np.zeros(values**2, dtype=np.int64)
    number[kinds] = np.arange(len(kinds))
    kind = number[cell]
    per_cluster = csr_array((np.ones(len(kind)), (of_roi, kind)), shape=(count, len(kinds)))
    left, right = np.divmod(kinds, values)
    return np.concatenate([spearman_of_counts((per_cluster.T @ block.T).T, left, right, values) for block in drawn])


def _rois_by_votes(panel: PanelVotes) -> list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """The ROIs of each number of votes n >= 2, (r,), with the rows of their ratings, (r, n)."""
    order = np.argsort(panel.roi, kind="stable")
    n = panel.votes_per_roi
    starts = np.cumsum(n) - n
    return [
        (rois, order[starts[rois][:, None] + np.arange(size)])
        for size in np.unique(n[n >= 2]).tolist()
        for rois in [np.flatnonzero(n == size)]
    ]


def _halves(
    panel: PanelVotes,
    groups: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]],
    rng: np.random.Generator,
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], int]:
    """The means of two random halves of each ROI, (r, S) each, as numbers of the distinct means in ascending order."""
    sums: list[tuple[IntArray, IntArray, int]] = []
    for rois, rows in groups:
        size = rows.shape[1]
        shuffled = np.take_along_axis(rows, rng.random((len(rois), size)).argsort(axis=1), axis=1)
        votes = panel.votes[shuffled]
        first = votes[:, : size // 2].sum(axis=1)
        sums.append((first, votes.sum(axis=1) - first, size))
    top = int(panel.votes.max(initial=0))
    counts = sorted({part for _, _, size in sums for part in (size // 2, size - size // 2)})
    # Equal fractions are equal floats, since division is rounded correctly.
    means = np.unique(np.concatenate([np.arange(part * top + 1) / part for part in counts]))
    place = {part: np.searchsorted(means, np.arange(part * top + 1) / part) for part in counts}
    first_half = np.concatenate([place[size // 2][first] for first, _, size in sums])
    second_half = np.concatenate([place[size - size // 2][rest] for _, rest, size in sums])
    return first_half, second_half, len(means)
