"""Where the spread of the votes comes from: the ROIs, the annotators, or neither; and the reliability that follows.

vote of annotator i on ROI j = quality of j + leaning of i + the rest. The variances of the three parts are found from
sparse ratings (every annotator rates some ROIs), which common ICC programs cannot do.

Shapes: N ratings, R ROIs, I annotators, S scales, G clusters (images), B resamples.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array

from roiqa.consensus.rules.panel import PanelVotes, summed_by
from roiqa.consensus.rules.resampling import (
    RESAMPLES,
    Interval,
    cluster_numbers,
    drawn_counts,
    percentile_interval,
)
from roiqa.consensus.rules.votes import IntArray

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VarianceComponents:
    """Variances on each of S scales, in squared units of the scale, never negative; NaN where they cannot be told."""

    roi: FloatArray  # (S,) between ROIs: what the study is about
    annotator: FloatArray  # (S,) between annotators' leanings
    residual: FloatArray  # (S,) what is left: taste, attention, chance

    def icc_single(self) -> FloatArray:
        """ICC(2,1), (S,): how far one vote of one annotator can be relied on, 0..1; NaN without any variance."""
        return _share(self.roi, self.annotator + self.residual)

    def icc_mean(self, votes: float) -> FloatArray:
        """ICC(2,k), (S,): how far the mean of this many votes can be relied on, 0..1."""
        return _share(self.roi, (self.annotator + self.residual) / votes)


@dataclass(frozen=True, slots=True)
class ICCIntervals:
    """95 % intervals of the two reliabilities on each of S scales."""

    single: list[Interval]
    mean: list[Interval]


def variance_components(panel: PanelVotes) -> VarianceComponents:
    """The three variances on each scale, by the unweighted two-way fit and its expected sums of squares.

    Every ROI and annotator counts by its ratings, so that a newcomer with one rating does not upset the rest; with
    equal numbers everywhere this is the classical estimate. Negative estimates become 0.
    Source: Searle, Casella and McCulloch, Variance Components, the fitting-constants method.
    """
    sums = _Sums(panel, np.zeros(panel.roi_count, dtype=np.int64), 1)
    return sums.components(np.ones((1, 1)))[0]


def bootstrap_icc(
    panel: PanelVotes,
    *,
    votes: float,
    clusters: IntArray | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> ICCIntervals:
    """95 % intervals of ICC(2,1) and ICC(2,votes) when whole clusters of ROIs are drawn; clusters (R,).

    All three variances, and the annotators' leanings with them, are found anew in every resample.
    """
    cluster, count = cluster_numbers(panel.roi_count, clusters)
    sums = _Sums(panel, cluster, count)
    single, mean = [], []
    cells = panel.annotator_count**2
    for drawn in drawn_counts(count, resamples=resamples, seed=seed, cells=cells):
        for components in sums.components(drawn):
            single.append(components.icc_single())
            mean.append(components.icc_mean(votes))
    return ICCIntervals(
        single=[percentile_interval(column) for column in np.array(single).T],
        mean=[percentile_interval(column) for column in np.array(mean).T],
    )


class _Sums:
    """What each cluster adds to the equations of the fit. The sums of any resample are a product with its counts.

    With the ROI means eliminated, the leanings b solve (diag(n_i) - P) b = q, where P sums z z'/n over ROIs, z saying
    which annotators rated the ROI, and q sums each annotator's distance from the ROI means.
    """

    def __init__(self, panel: PanelVotes, cluster: npt.NDArray[np.int64], count: int) -> None:
        roi, annotator, votes = panel.roi, panel.annotator, panel.votes.astype(np.float64)
        self.annotators, self.scales = panel.annotator_count, votes.shape[1]
        n = panel.votes_per_roi
        means = panel.totals / np.maximum(n, 1)[:, None]
        of_rating = cluster[roi]
        self.pairs = _pair_sums(panel, of_rating, count)
        self.ratings = csr_array((np.ones(len(roi)), (of_rating, annotator)), shape=(count, self.annotators))
        cell = of_rating * self.annotators + annotator
        shape = (count, self.annotators * self.scales)
        self.distances = summed_by(cell, votes - means[roi], count * self.annotators).reshape(shape)
        self.means = summed_by(cell, means[roi], count * self.annotators).reshape(shape)
        squares = summed_by(of_rating, votes**2, count)
        between = summed_by(cluster, panel.totals * means, count)
        totals = summed_by(cluster, panel.totals, count)
        sizes = summed_by(cluster, np.column_stack([n > 0, n, n**2]), count)
        self.plain = np.column_stack([sizes, squares, between, totals])

    def components(self, drawn: FloatArray) -> list[VarianceComponents]:
        """The variances in each of B resamples, whose counts of clusters are (B, G)."""
        b, i, s = len(drawn), self.annotators, self.scales
        pairs = (self.pairs.T @ drawn.T).T.reshape(b, i, i)
        per_annotator = (self.ratings.T @ drawn.T).T
        distances = (drawn @ self.distances).reshape(b, i, s)
        means = (drawn @ self.means).reshape(b, i, s)
        plain = drawn @ self.plain
        rois, ratings, squared_sizes = plain[:, 0, None], plain[:, 1, None], plain[:, 2, None]
        squares, between, totals = (plain[:, 3 + k * s : 3 + (k + 1) * s] for k in range(3))
        leanings = _solve(pairs, per_annotator, distances)
        raters = np.maximum((per_annotator > 0).sum(axis=1)[:, None], 1)
        shift = (per_annotator[:, :, None] * leanings).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            freedom = ratings - rois - raters + 1
            residual = (squares - between - (leanings * distances).sum(axis=1)) / np.where(freedom > 0, freedom, np.nan)
            rater_squares = (per_annotator[:, :, None] * leanings**2).sum(axis=1) - shift**2 / ratings
            annotator = (rater_squares - residual * (raters - 1)) / _spread(
                ratings, (per_annotator**2).sum(axis=1)[:, None]
            )
            roi_squares = (
                between - 2 * (leanings * means).sum(axis=1) + np.einsum("bis,bij,bjs->bs", leanings, pairs, leanings)
            )
            roi_squares -= (totals - shift) ** 2 / ratings
            roi = (roi_squares - residual * (rois - 1)) / _spread(ratings, squared_sizes)
        annotator = np.where(raters > 1, annotator, 0.0)
        parts = [np.maximum(part, 0.0) for part in (roi, annotator, residual)]
        return [VarianceComponents(*(part[row] for part in parts)) for row in range(b)]


def _pair_sums(panel: PanelVotes, of_rating: npt.NDArray[np.int64], count: int) -> csr_array:
    """P of each cluster, sparse (G, I*I): for every two ratings of one ROI, 1/n at the pair of their annotators."""
    n = panel.votes_per_roi
    if count == 1:
        part = csr_array(
            (1 / np.sqrt(n[panel.roi]), (panel.roi, panel.annotator)), shape=(panel.roi_count, panel.annotator_count)
        )
        return csr_array((part.T @ part).toarray().reshape(1, -1))
    order = np.argsort(panel.roi, kind="stable")
    sizes = n[panel.roi[order]]  # of each rating's ROI
    starts = np.repeat(np.cumsum(n) - n, n)
    left = np.repeat(order, sizes)
    within = np.arange(len(left)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    right = order[np.repeat(starts, sizes) + within]
    cell = panel.annotator[left] * panel.annotator_count + panel.annotator[right]
    entries = (1 / np.repeat(sizes, sizes), (of_rating[left], cell))
    return csr_array(entries, shape=(count, panel.annotator_count**2))


def _solve(pairs: FloatArray, per_annotator: FloatArray, distances: FloatArray) -> FloatArray:
    """The leanings (B, I, S), their sum 0; 0 for annotators who were not drawn."""
    annotators = per_annotator.shape[1]
    if not annotators:
        return distances
    matrix = -pairs
    diagonal = np.arange(annotators)
    scale = np.maximum(per_annotator.max(axis=1), 1)
    # The equations leave the common level of the leanings open; annotators who share no ROI leave more open. A ridge
    # too small to matter closes what is open, and gives 0 to annotators who are not there.
    matrix[:, diagonal, diagonal] += per_annotator + (1e-9 * scale)[:, None] + (per_annotator == 0)
    matrix += (scale / annotators)[:, None, None]
    return np.asarray(np.linalg.solve(matrix, distances), dtype=np.float64)


def _spread(ratings: FloatArray, squared: FloatArray) -> FloatArray:
    """N - sum(n^2)/N; NaN where a single ROI or annotator has all ratings."""
    spread = ratings - squared / ratings
    return np.where(spread > 1e-9, spread, np.nan)


def _share(part: FloatArray, rest: FloatArray) -> FloatArray:
    whole = part + rest
    share: FloatArray = np.divide(part, whole, out=np.full(np.shape(part), np.nan), where=whole > 0)
    return share
