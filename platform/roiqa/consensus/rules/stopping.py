"""Which ROIs need more votes, and what asking for them will cost.

Every ROI gets `fewest` votes. Then two more at a time, up to `most`, while its quality is still uncertain or too many of
its distortions are near a tie. ROIs of the test split never get more than the others: choosing where to look more closely
by what was seen would bend the very labels that models are compared on.

Shapes: R ROIs, D = 6 distortions.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, stdtrit

from roiqa.consensus.rules.votes import IntArray
from roiqa.core.scales import NONEXISTENT

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# An ROI's own spread of 7 votes is a poor guess (0 when all agree), so this many votes of typical spread are added.
SPREAD_PRIOR: Final = 6.0
CONFIDENCE: Final = 0.95


@dataclass(frozen=True, slots=True)
class StoppingRule:
    """When to ask for more votes. Raises ValueError for a rule that cannot be followed."""

    fewest: int = 7
    step: int = 2
    most: int = 15
    half_width: float | None = 0.6  # of the 95 % interval of quality, units of the scale; None: never asks
    near_ties: int | None = 2  # this many distortions within one vote of a tie ask for more; None: never

    def __post_init__(self) -> None:
        if not 1 <= self.fewest <= self.most:
            raise ValueError(f"fewest is {self.fewest} and most is {self.most}: use 1 <= fewest <= most.")
        if self.step < 1:
            raise ValueError(f"step is {self.step}: use 1 or more.")
        if self.half_width is not None and self.half_width <= 0:
            raise ValueError(f"half_width is {self.half_width}: use a number above 0, or none.")
        if self.near_ties is not None and self.near_ties < 1:
            raise ValueError(f"near_ties is {self.near_ties}: use 1 or more, or none.")


@dataclass(frozen=True, slots=True)
class StoppingForecast:
    """What a rule will cost, for the ROIs given."""

    rois: int
    mean_votes: float  # per ROI when all have stopped
    votes: int  # all votes together, rounded
    votes_above_fewest: int  # of them, those beyond `fewest` per ROI: what the rule costs
    extended_share: float  # share of ROIs that get more than `fewest`
    at_most_share: float  # share of ROIs that end with `most` votes, settled or not
    final_votes: dict[int, float]  # share of ROIs by their final number of votes


def half_width(quality: IntArray, *, pooled_variance: float | None = None) -> FloatArray:
    """Half of the 95 % interval of mean quality, (R,), from vote histograms (R, 5); infinite without votes.

    t(.975; 6 + n - 1) * sqrt(s^2 / n), with s^2 = (6 * pooled + (n - 1) * own variance) / (6 + n - 1). The pooled variance
    is that of these ROIs unless it is given.
    """
    n = quality.sum(axis=1)
    values = np.arange(quality.shape[1])
    squares = quality @ values**2 - np.divide((quality @ values) ** 2, n, out=np.zeros(len(n)), where=n > 0)
    pooled = pooled_within_variance(quality) if pooled_variance is None else pooled_variance
    freedom = SPREAD_PRIOR + np.maximum(n - 1, 0)
    variance = (SPREAD_PRIOR * pooled + squares) / freedom
    half: FloatArray = stdtrit(freedom, (1 + CONFIDENCE) / 2) * np.sqrt(variance / np.maximum(n, 1))
    return np.where(n > 0, half, np.inf)


def pooled_within_variance(quality: IntArray) -> float:
    """The variance of votes around their own ROI's mean, over all ROIs with two votes or more; 0 if there is none."""
    n = quality.sum(axis=1)
    quality, n = quality[n >= 2], n[n >= 2]
    values = np.arange(quality.shape[1])
    squares = (quality @ values**2 - (quality @ values) ** 2 / n).sum()
    return float(squares / (n - 1).sum()) if len(n) else 0.0


def near_ties(severity: IntArray) -> npt.NDArray[np.int64]:
    """How many distortions of each ROI could be tied, or tip over, by one more vote, (R,), from histograms (R, D, 6)."""
    absent = severity[:, :, NONEXISTENT]
    seen = severity.sum(axis=2) - absent
    near: npt.NDArray[np.int64] = ((np.abs(seen - absent) <= 1) & (seen + absent > 0)).sum(axis=1)
    return near


def wanted_votes(
    rule: StoppingRule,
    *,
    quality: IntArray,
    severity: IntArray,
    in_test: BoolArray,
    pooled_variance: float | None = None,
) -> npt.NDArray[np.int64]:
    """How many votes each ROI should have in the light of those it has, (R,).

    Shapes: quality (R, 5) and severity (R, D, 6) histograms of counted votes; in_test (R,). Never below `fewest` nor above
    `most`; `fewest` for ROIs that have fewer, and for all of the test split. It never takes back what was asked for: an ROI
    with 9 votes that looks settled again wants 9.
    """
    n = quality.sum(axis=1)
    unsure = _unsure(rule, quality=quality, severity=severity, pooled_variance=pooled_variance)
    # Looked at only when a step is complete: the two votes of a step are asked for together.
    complete = rule.fewest + -(-np.maximum(n - rule.fewest, 0) // rule.step) * rule.step
    wanted = np.where(unsure & (n == complete), complete + rule.step, complete)
    return np.where(in_test, rule.fewest, np.minimum(wanted, rule.most)).astype(np.int64)


def forecast(
    rule: StoppingRule, *, quality: IntArray, severity: IntArray, in_test: BoolArray, seed: int = 0
) -> StoppingForecast | None:
    """What the rule will cost if further ROIs and votes are like these; None if no ROI has `fewest` votes yet.

    Shapes as `wanted_votes`. ROIs with enough votes stand for all. Each is played on: its next votes are drawn from what
    its votes so far say (its mean, the study's spread, its shares of "nonexistent"), until the rule stops. ROIs of
    the test split among those given count as `fewest` votes.
    """
    known = quality.sum(axis=1) >= rule.fewest
    if not known.any():
        return None
    pooled = pooled_within_variance(quality)
    quality, severity, in_test = quality[known], severity[known], in_test[known]
    rng = np.random.default_rng(seed)
    quality, severity = _keep_votes(rng, quality, rule.fewest), _keep_votes(rng, severity, rule.fewest)
    scores, shares = _next_scores(quality, pooled), _next_shares(rng, severity)
    wanted = wanted_votes(rule, quality=quality, severity=severity, in_test=in_test, pooled_variance=pooled)
    while (missing := wanted - quality.sum(axis=1)).any():
        for _ in range(int(missing.max())):
            asked = np.flatnonzero(quality.sum(axis=1) < wanted)
            drawn = (rng.random((len(asked), 1)) > np.cumsum(scores[asked], axis=1)).sum(axis=1)
            quality[asked, np.minimum(drawn, quality.shape[1] - 1)] += 1
            absent = rng.random((len(asked), shares.shape[1])) < shares[asked]
            severity[asked, :, NONEXISTENT] += absent
            severity[asked, :, 0] += ~absent
        wanted = wanted_votes(rule, quality=quality, severity=severity, in_test=in_test, pooled_variance=pooled)
    n = quality.sum(axis=1)
    sizes, counts = np.unique(n, return_counts=True)
    return StoppingForecast(
        rois=len(n),
        mean_votes=float(n.mean()),
        votes=int(n.sum()),
        votes_above_fewest=int((n - rule.fewest).sum()),
        extended_share=float((n > rule.fewest).mean()),
        at_most_share=float((n >= rule.most).mean()) if rule.most > rule.fewest else 0.0,
        final_votes={int(size): float(count / len(n)) for size, count in zip(sizes, counts, strict=True)},
    )


def _unsure(rule: StoppingRule, *, quality: IntArray, severity: IntArray, pooled_variance: float | None) -> BoolArray:
    unsure = np.zeros(len(quality), dtype=bool)
    if rule.half_width is not None:
        unsure |= half_width(quality, pooled_variance=pooled_variance) > rule.half_width
    if rule.near_ties is not None:
        unsure |= near_ties(severity) >= rule.near_ties
    return unsure


def _keep_votes(rng: np.random.Generator, histograms: IntArray, votes: int) -> npt.NDArray[np.int64]:
    """Histograms with random votes taken away until each holds no more than `votes`; the last axis is the answer."""
    kept = histograms.reshape(-1, histograms.shape[-1]).astype(np.int64)
    while len(above := np.flatnonzero(kept.sum(axis=1) > votes)):
        upto = np.cumsum(kept[above], axis=1)
        taken = (rng.integers(0, upto[:, -1:]) >= upto).sum(axis=1)
        kept[above, taken] -= 1
    return kept.reshape(histograms.shape)


def _next_scores(quality: IntArray, pooled: float) -> FloatArray:
    """The chance of each answer for the next quality vote of each ROI, (R, V).

    A bell of the study's spread around the ROI's mean, cut into answers, weighs as much as SPREAD_PRIOR votes.
    """
    values = np.arange(quality.shape[1])
    mean = quality @ values / quality.sum(axis=1)
    ends = (values[:-1] + 0.5 - mean[:, None]) / np.sqrt(max(pooled, 1e-6))
    upto = np.column_stack([np.zeros(len(quality)), ndtr(ends), np.ones(len(quality))])
    weights = SPREAD_PRIOR * np.diff(upto, axis=1) + quality
    scores: FloatArray = weights / weights.sum(axis=1, keepdims=True)
    return scores


def _next_shares(rng: np.random.Generator, severity: IntArray) -> FloatArray:
    """A plausible share of "nonexistent" of each ROI and distortion, (R, D): drawn from what its votes leave open."""
    absent = severity[:, :, NONEXISTENT]
    shares: FloatArray = rng.beta(absent + 0.5, severity.sum(axis=2) - absent + 0.5)
    return shares
