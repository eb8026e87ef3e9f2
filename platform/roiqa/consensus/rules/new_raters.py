"""Would other people have agreed as well? Intervals over annotators, beside those over images.

Annotators are drawn anew with replacement. Somebody who is drawn twice is never compared with themselves: pairs of one
and the same person agree perfectly and would make every figure look better than it is. For that, agreement is written
as sums over pairs of different people, each pair weighing as often as both were drawn.

Shapes: N ratings, R ROIs, I annotators, V answers of a scale, G groups of annotators, P pairs of groups, B resamples.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from roiqa.consensus.rules.agreement import alpha_of_coincidences
from roiqa.consensus.rules.gwet import coefficient_of_sums, ordinal_weights
from roiqa.consensus.rules.panel import PanelVotes, total_by
from roiqa.consensus.rules.resampling import RESAMPLES, Interval, drawn_counts, percentile_interval
from roiqa.consensus.rules.variance import variance_components

FloatArray = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# More annotators than these are drawn in so many groups of chance: the figures need no finer ones.
MOST_GROUPS: Final = 200
# An interval from fewer people would be a guess about how people differ.
FEWEST_ANNOTATORS: Final = 5
_JACKKNIFE_GROUPS: Final = 24


@dataclass(frozen=True, slots=True)
class RaterIntervals:
    """95 % intervals for other annotators of the same kind on the same ROIs; None below FEWEST_ANNOTATORS."""

    alpha: list[Interval] | None  # one per scale
    ac2: list[Interval] | None
    icc_single: list[Interval] | None
    icc_mean: list[Interval] | None


def rater_intervals(
    panel: PanelVotes, *, answers: list[int], votes: float, resamples: int = RESAMPLES, seed: int = 0
) -> RaterIntervals:
    """Intervals over annotators of every scale of the panel (N, S).

    answers: how many answers each scale offers. votes: the k of ICC(2,k). Alpha and AC2 are bootstrapped; ICC, which is
    no sum over pairs, is taken without one annotator (or one group of many) after the other: a jackknife.
    """
    active = int((panel.votes_per_annotator > 0).sum())
    if active < FEWEST_ANNOTATORS or not resamples:
        return RaterIntervals(None, None, None, None)
    group, count = _groups(panel, most=MOST_GROUPS, seed=seed)
    pairs = _pairs(panel, group)
    drawn = np.concatenate(list(drawn_counts(count, resamples=resamples, seed=seed)))
    both = drawn[:, pairs.first] * drawn[:, pairs.second]
    alphas, coefficients = [], []
    for scale, values in enumerate(answers):
        sums = _PairSums(panel.votes[:, scale], values, pairs)
        alphas.append(percentile_interval(alpha_of_coincidences(both @ sums.coincidences)))
        shares = drawn @ _vote_shares(panel, scale, values, group, count)
        # Agreement and comparable ROIs come from pairs, the shares of the answers from single votes.
        parts = np.column_stack([both @ sums.agreement, both @ sums.weight, shares.sum(axis=1), shares])
        coefficients.append(percentile_interval(coefficient_of_sums(parts, values)))
    single, mean = _jackknifed_icc(panel, votes=votes, seed=seed)
    return RaterIntervals(alpha=alphas, ac2=coefficients, icc_single=single, icc_mean=mean)


@dataclass(frozen=True, slots=True)
class _Pairs:
    """Every ordered pair of ratings of different people on one ROI, M of them, and the P pairs of groups they make."""

    left: Indices  # (M,) rating
    right: Indices  # (M,)
    pair: Indices  # (M,) 0..P-1
    votes: Indices  # (M,) on the ROI
    first: Indices  # (P,) group
    second: Indices  # (P,)


def _pairs(panel: PanelVotes, group: Indices) -> _Pairs:
    n = panel.votes_per_roi
    order = np.argsort(panel.roi, kind="stable")
    sizes = n[panel.roi[order]]
    left = np.repeat(order, sizes)
    starts = np.repeat(np.cumsum(n) - n, n)
    within = np.arange(len(left)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    right = order[np.repeat(starts, sizes) + within]
    # Two people of one group are drawn together, and are still two people.
    different = panel.annotator[left] != panel.annotator[right]
    left, right = left[different], right[different]
    groups = int(group.max(initial=0)) + 1
    code = group[panel.annotator[left]] * groups + group[panel.annotator[right]]
    codes, pair = np.unique(code, return_inverse=True)
    return _Pairs(left, right, pair.astype(np.int64), n[panel.roi[left]], codes // groups, codes % groups)


class _PairSums:
    """What each pair of groups adds on one scale."""

    def __init__(self, votes: npt.NDArray[np.int64], values: int, pairs: _Pairs) -> None:
        count = len(pairs.first)
        mine, other = votes[pairs.left], votes[pairs.right]
        cell = (pairs.pair * values + mine) * values + other
        size = count * values * values
        # An ROI adds as much to the coincidences as it has votes, and to the agreement as every other ROI.
        self.coincidences = total_by(cell, 1 / (pairs.votes - 1), size).reshape(count, -1)
        share = 1 / (pairs.votes * (pairs.votes - 1))
        agreement = ordinal_weights(values)[mine, other] * share
        self.agreement = total_by(pairs.pair, agreement, count)
        self.weight = total_by(pairs.pair, share, count)


def _vote_shares(panel: PanelVotes, scale: int, values: int, group: Indices, count: int) -> FloatArray:
    """How often each group gave each answer, every ROI weighing alike, (G, V)."""
    cell = group[panel.annotator] * values + panel.votes[:, scale]
    return total_by(cell, 1 / panel.votes_per_roi[panel.roi], count * values).reshape(count, values)


def _groups(panel: PanelVotes, *, most: int, seed: int) -> tuple[Indices, int]:
    """The group of each annotator, (I,), and how many there are: one each, or `most` of chance. Absent ones are in 0."""
    active = np.flatnonzero(panel.votes_per_annotator)
    group = np.zeros(panel.annotator_count, dtype=np.int64)
    count = min(most, len(active))
    group[np.random.default_rng(seed).permutation(active)] = np.arange(len(active)) % count
    return group, count


def _jackknifed_icc(panel: PanelVotes, *, votes: float, seed: int) -> tuple[list[Interval], list[Interval]]:
    group, count = _groups(panel, most=_JACKKNIFE_GROUPS, seed=seed)
    of_rating = group[panel.annotator]
    whole = variance_components(panel)
    left_out = [variance_components(panel.where(of_rating != one)) for one in range(count)]
    single = _jackknife(whole.icc_single(), np.array([part.icc_single() for part in left_out]))
    mean = _jackknife(whole.icc_mean(votes), np.array([part.icc_mean(votes) for part in left_out]))
    return single, mean


def _jackknife(whole: FloatArray, parts: FloatArray) -> list[Interval]:
    """Intervals of S figures (S,) from the figures without each of G groups (G, S), on a scale where they spread evenly."""
    count = len(parts)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre, around = (np.arctanh(np.clip(values, -0.999999, 0.999999)) for values in (whole, parts))
    error = np.sqrt((count - 1) / count * ((around - around.mean(axis=0)) ** 2).sum(axis=0))
    reach = float(stdtrit(count - 1, 0.975)) * error
    intervals = []
    for low, high in zip(np.tanh(centre - reach), np.tanh(centre + reach), strict=True):
        known = not (np.isnan(low) or np.isnan(high))
        ends = (max(0.0, float(low)), float(high)) if known else (None, None)
        intervals.append(Interval(low=ends[0], high=ends[1], resamples=count, undefined=0))
    return intervals
