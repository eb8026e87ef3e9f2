"""How far a mean of few votes can be trusted."""

import numpy as np
import numpy.typing as npt
from scipy.special import betaincinv, stdtrit

from roiqa.consensus.rules.votes import IntArray

FloatArray = npt.NDArray[np.float64]


def mean_interval(
    total: IntArray, n: IntArray, *, maximum: int, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Clopper-Pearson interval of the mean of n votes on the scale 0..maximum, from their sum.

    Shapes: total and n have one shape, which both results have. Units: those of the mean, 0..maximum.
    Votes are read as `total` successes of `n * maximum` trials: conservative, and never leaves the scale, where
    mean +- 1.96 s/sqrt(n) covers too little at n = 7. NaN where n is 0. Rounded to six decimals, so that an export
    does not depend on the last digits of a special function.
    Source: Hossfeld et al. 2018 (binomial estimator of subjective scores).
    """
    # Few pairs (sum, n) exist however many ROIs there are, and the inverse beta function is slow.
    sums, counts = np.asarray(total, dtype=np.int64).ravel(), np.asarray(n, dtype=np.int64).ravel()
    radix = int(sums.max(initial=0)) + 1
    pairs, position = np.unique(counts * radix + sums, return_inverse=True)
    successes, trials = (pairs % radix).astype(np.float64), (pairs // radix * maximum).astype(np.float64)
    tail = (1 - confidence) / 2
    low, high = np.zeros_like(successes), np.ones_like(successes)
    some, not_all = successes > 0, successes < trials
    low[some] = betaincinv(successes[some], trials[some] - successes[some] + 1, tail)
    high[not_all] = betaincinv(successes[not_all] + 1, trials[not_all] - successes[not_all], 1 - tail)
    low[trials == 0] = high[trials == 0] = np.nan
    shape = np.shape(total)
    ends = [np.round(maximum * end, 6)[position].reshape(shape) for end in (low, high)]
    return ends[0], ends[1]


def t_interval(
    mean: FloatArray, sd: FloatArray, n: IntArray, *, confidence: float = 0.95
) -> tuple[FloatArray, FloatArray]:
    """Student's interval mean +- t(n - 1) * sd / sqrt(n), the second opinion: narrower, and it can leave the scale.

    Shapes: all the same, as both results. NaN below two votes.
    """
    counts = np.asarray(n)
    # Few different numbers of votes exist, and the inverse of Student's distribution is slow.
    different, position = np.unique(counts, return_inverse=True)
    quantile = stdtrit(np.maximum(different - 1, 1), (1 + confidence) / 2)[position].reshape(counts.shape)
    half = np.where(counts >= 2, quantile * sd / np.sqrt(np.maximum(counts, 1)), np.nan)
    return mean - half, mean + half


def sos_parameter(mean: FloatArray, variance: FloatArray, *, maximum: int) -> float | None:
    """How much votes on one ROI differ, as the a of the SOS hypothesis: var = a * mean * (maximum - mean).

    Shapes: mean and variance (R,), NaN where unknown. 0 if all agree, 0.25 if five-level votes were coin tosses, 1 if
    all votes are at the ends. A least-squares fit; None where no mean lies between the ends.
    Source: Hossfeld, Schatz, Egger, SOS: the MOS is not enough! (2011).
    """
    room = mean * (maximum - mean)
    known = ~(np.isnan(room) | np.isnan(variance))
    squares = float((room[known] ** 2).sum())
    return float((room[known] * variance[known]).sum() / squares) if squares else None
