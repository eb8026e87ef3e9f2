"""How far does a model pull the people who see its levels? Pre-filled votes against blind ones on the same ROIs.

The blind ones are drawn by lot within every annotator's work (ratings.modes), so both kinds of votes meet the same ROIs and
people, and what differs between them is the form. Everything is made of sums over images, so that images can be drawn anew.

Shapes: N ratings, S scales, R ROIs, G images, B resamples.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv

from roiqa.consensus.rules.panel import summed_by
from roiqa.consensus.rules.resampling import RESAMPLES, Interval, cluster_numbers, drawn_counts, percentile_interval

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

# Pre-filling does no harm if the pull is surely smaller than this share, and no mean is surely further off than this.
LARGEST_INDEX: Final = 0.10
LARGEST_BIAS: Final = 0.10


class Gate(StrEnum):
    """May pre-filled votes be trusted as blind ones are?"""

    PASSES = "passes"  # the whole interval is on the good side
    FAILS = "fails"  # the whole interval is on the bad side
    UNDECIDED = "undecided"  # too few votes to say


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval over images; None where it has no value."""

    value: float | None
    interval: Interval


@dataclass(frozen=True)
class ComparedVotes:
    """N ratings on ROIs that the model has judged.

    roi (N,) 0..R-1; image (R,) of each ROI; votes and model (N, S): what was answered and what the model says;
    prefilled (N,): the form showed the model's levels; wrong (N, S): this level was wrong on purpose.
    """

    roi: IntArray
    image: IntArray
    votes: IntArray
    model: IntArray
    prefilled: BoolArray
    wrong: BoolArray

    @property
    def roi_count(self) -> int:
        return len(self.image)


@dataclass(frozen=True, slots=True)
class ScaleAnchoring:
    """One scale. All but the gate are None without votes of both kinds."""

    index: (
        Estimate  # 1 - mean |pre-filled - model| / mean |blind - model|: 0 no pull, 1 everybody takes the model's level
    )
    bias: Estimate  # pre-filled less blind votes, within ROIs, in levels
    sd_ratio: Estimate  # spread of pre-filled votes within ROIs by that of blind ones; below 1: people agree by habit
    unchanged: float | None  # share of shown levels left as they were
    coincidence: float | None  # share of blind votes that happen to be the model's level
    gate: Gate


def anchoring(votes: ComparedVotes, *, resamples: int = RESAMPLES, seed: int = 0) -> list[ScaleAnchoring]:
    """The figures of each scale. Levels that were wrong on purpose are left out of all of them."""
    cluster, clusters = cluster_numbers(votes.roi_count, votes.image)
    image = cluster[votes.roi]
    pre = votes.prefilled[:, None] & ~votes.wrong
    blind = np.broadcast_to(~votes.prefilled[:, None], pre.shape)
    distance = np.abs(votes.votes - votes.model)
    drawn = np.concatenate([np.ones((1, clusters)), *drawn_counts(clusters, resamples=resamples, seed=seed)])

    def over_images(rows: npt.NDArray[np.generic], index: IntArray) -> FloatArray:
        """Sums of rows (N or R, S) per image, in each resample: (1 + B, S); the first is of all images once."""
        summed: FloatArray = drawn @ summed_by(index, rows, clusters)
        return summed

    def mean_distance(chosen: BoolArray) -> FloatArray:
        return _ratio(over_images(distance * chosen, image), over_images(chosen, image))

    index = 1 - _ratio(mean_distance(pre), mean_distance(blind))
    of_pre, of_blind = _within(votes, pre), _within(votes, blind)
    both = (of_pre.n > 0) & (of_blind.n > 0)
    weight = _ratio(of_pre.n * of_blind.n, of_pre.n + of_blind.n, otherwise=0.0)
    difference = np.where(both, weight * (of_pre.mean - of_blind.mean), 0.0)
    bias = _ratio(over_images(difference, cluster), over_images(np.where(both, weight, 0.0), cluster))
    spreads = [
        np.sqrt(_ratio(over_images(part.squares, cluster), over_images(np.maximum(part.n - 1, 0), cluster)))
        for part in (of_pre, of_blind)
    ]
    ratio = _ratio(spreads[0], spreads[1])
    unchanged = _ratio((pre & (distance == 0)).sum(axis=0), pre.sum(axis=0))
    coincidence = _ratio((blind & (distance == 0)).sum(axis=0), blind.sum(axis=0))
    figures = []
    for scale in range(votes.votes.shape[1]):
        pulled, off = _estimate(index[:, scale]), _estimate(bias[:, scale])
        figures.append(
            ScaleAnchoring(
                index=pulled,
                bias=off,
                sd_ratio=_estimate(ratio[:, scale]),
                unchanged=_or_none(unchanged[scale]),
                coincidence=_or_none(coincidence[scale]),
                gate=gate_of(pulled, off),
            )
        )
    return figures


def gate_of(index: Estimate, bias: Estimate) -> Gate:
    """Non-inferiority: the pull is surely below LARGEST_INDEX and the bias surely within LARGEST_BIAS."""
    ends = (index.interval.low, index.interval.high, bias.interval.low, bias.interval.high)
    if any(end is None for end in ends):
        return Gate.UNDECIDED
    index_low, index_high, bias_low, bias_high = (float(end) for end in ends if end is not None)
    if index_high < LARGEST_INDEX and bias_low > -LARGEST_BIAS and bias_high < LARGEST_BIAS:
        return Gate.PASSES
    if index_low >= LARGEST_INDEX or bias_low >= LARGEST_BIAS or bias_high <= -LARGEST_BIAS:
        return Gate.FAILS
    return Gate.UNDECIDED


def overall(gates: list[Gate]) -> Gate:
    """Of all scales: one that fails is enough to fail."""
    if Gate.FAILS in gates:
        return Gate.FAILS
    return Gate.PASSES if gates and all(gate == Gate.PASSES for gate in gates) else Gate.UNDECIDED


def movement(
    *, first: IntArray, second: IntArray, model: IntArray, image: IntArray, resamples: int = RESAMPLES, seed: int = 0
) -> list[Estimate]:
    """How far second thoughts move towards the model: 1 - mean |second - model| / mean |first - model|, per scale.

    first, second, model (N, S); image (N,). 0: nobody moves; 1: everybody takes the model's level; below 0: away from it.
    """
    cluster, clusters = cluster_numbers(len(first), image)
    drawn = np.concatenate([np.ones((1, clusters)), *drawn_counts(clusters, resamples=resamples, seed=seed)])
    after, before = (drawn @ summed_by(cluster, np.abs(votes - model), clusters) for votes in (second, first))
    moved = 1 - _ratio(after, before)
    return [_estimate(moved[:, scale]) for scale in range(first.shape[1])]


def share_interval(successes: int, trials: int) -> tuple[float, float] | None:
    """The exact 95 % interval (Clopper-Pearson) of a share; None without trials."""
    if not trials:
        return None
    low = float(betaincinv(successes, trials - successes + 1, 0.025)) if successes else 0.0
    high = float(betaincinv(successes + 1, trials - successes, 0.975)) if successes < trials else 1.0
    return low, high


@dataclass(frozen=True, slots=True)
class _Within:
    """The chosen votes of each ROI, (R, S) each."""

    n: FloatArray
    mean: FloatArray  # 0 where there is none
    squares: FloatArray  # squared deviations from the mean, summed


def _within(votes: ComparedVotes, chosen: BoolArray) -> _Within:
    rows = (chosen, votes.votes * chosen, votes.votes**2 * chosen)
    n, total, of_squares = (summed_by(votes.roi, part, votes.roi_count) for part in rows)
    mean = _ratio(total, n, otherwise=0.0)
    squares = of_squares - n * mean**2
    return _Within(n=n, mean=mean, squares=np.maximum(squares, 0.0))


def _estimate(values: FloatArray) -> Estimate:
    """The first value is the figure, the others are of the resamples."""
    return Estimate(_or_none(values[0]), percentile_interval(values[1:]))


def _ratio(
    above: npt.NDArray[np.generic], below: npt.NDArray[np.generic], otherwise: float = float("nan")
) -> FloatArray:
    over: FloatArray = np.asarray(above, dtype=np.float64)
    under: FloatArray = np.asarray(below, dtype=np.float64)
    quotient: FloatArray = np.divide(over, under, out=np.full(over.shape, otherwise), where=under > 0)
    return quotient


def _or_none(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
