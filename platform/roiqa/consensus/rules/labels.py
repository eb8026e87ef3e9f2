"""Vote histograms into labels, for all ROIs at once.

Shapes: R labelled ROIs, D = 6 distortions. Floats are only quotients of the exact integers beside them.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.intervals import mean_interval, t_interval
from roiqa.consensus.rules.levels import level_of
from roiqa.consensus.rules.rulesets import DEFAULT_RULESET, Ruleset
from roiqa.consensus.rules.votes import VoteHistograms
from roiqa.core.scales import NONEXISTENT

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

WITHOUT: Final = -1  # stands in `DistortionLabels.level` where the ROI is without the distortion


@dataclass(frozen=True, slots=True)
class ScoreLabels:
    """One of quality and importance for R ROIs; scale 0..4, higher is better or more important."""

    votes: IntArray  # (R, 5)
    total: IntArray  # (R,) sum of the votes
    mean: FloatArray  # (R,) 0..4
    sd: FloatArray  # (R,) sample standard deviation; NaN with one vote
    low: FloatArray  # (R,) 95 % interval of the mean (Clopper-Pearson)
    high: FloatArray  # (R,)
    t_low: FloatArray  # (R,) Student's interval of the mean; NaN with one vote
    t_high: FloatArray  # (R,)
    level: IntArray  # (R,) 0..4


@dataclass(frozen=True, slots=True)
class DistortionLabels:
    """The six distortions of R ROIs; severity 0 is extreme, higher is milder."""

    votes: IntArray  # (R, D, 6)
    n_present: IntArray  # (R, D) votes other than nonexistent
    p_present: FloatArray  # (R, D) n_present / n
    present: BoolArray  # (R, D) "with" the distortion
    tie: BoolArray  # (R, D) exactly half of the votes are nonexistent: present, and one more rater is asked for
    total: IntArray  # (R, D) sum of the votes that the severity is the mean of; 0 where not present
    counted: IntArray  # (R, D) how many votes those are; 0 where not present
    severity: FloatArray  # (R, D) the label, total / counted; NaN where not present
    sd: FloatArray  # (R, D) of the counted votes; NaN where not present or with one vote
    low: FloatArray  # (R, D) 95 % interval of the severity (Clopper-Pearson); NaN where not present
    high: FloatArray  # (R, D)
    t_low: FloatArray  # (R, D) Student's interval; NaN where not present or with one vote
    t_high: FloatArray  # (R, D)
    level: IntArray  # (R, D) 0..4; WITHOUT where not present
    severity_present: FloatArray  # (R, D) mean of the votes 0..4, whatever the ruleset; NaN if there is none
    severity_all: FloatArray  # (R, D) mean of all votes, whatever the ruleset


@dataclass(frozen=True, slots=True)
class LabelTable:
    """The labels of every ROI that has at least one accepted vote; an ROI without votes has no row."""

    ruleset: Ruleset
    roi: IntArray  # (R,) ascending row numbers of the histograms given
    n: IntArray  # (R,) accepted ratings, 1 or more
    distortions: DistortionLabels
    quality: ScoreLabels
    importance: ScoreLabels
    clean: BoolArray  # (R,) without all six distortions
    contested_clean: BoolArray  # (R,) clean, though at least 40 % of the raters saw one and the same distortion
    tie: BoolArray  # (R,) at least one distortion is tied


def label_rois(votes: VoteHistograms, ruleset: Ruleset = DEFAULT_RULESET) -> LabelTable:
    """Label every ROI that has votes.

    Source: arXiv 2411.10161, section 3.2, read as `docs/label-rules.md` says.
    """
    n = votes.n
    roi = np.flatnonzero(n)
    n = n[roi]
    distortions = _label_distortions(votes.severity[roi], n, ruleset)
    clean = np.asarray(~distortions.present.any(axis=1))
    # p_present >= 0.4 in integers: 0.4 itself has no exact float.
    contested = np.asarray((5 * distortions.n_present >= 2 * n[:, None]).any(axis=1))
    return LabelTable(
        ruleset=ruleset,
        roi=roi,
        n=n,
        distortions=distortions,
        quality=_label_scores(votes.quality[roi], n, ruleset),
        importance=_label_scores(votes.importance[roi], n, ruleset),
        clean=clean,
        contested_clean=clean & contested,
        tie=np.asarray(distortions.tie.any(axis=1)),
    )


def _label_scores(votes: IntArray, n: IntArray, ruleset: Ruleset) -> ScoreLabels:
    total = _weighted_sum(votes)
    mean, sd = _quotient(total, n), _sample_sd(votes)
    low, high = mean_interval(total, n, maximum=ruleset.score_maximum)
    t_low, t_high = _students(mean, sd, n)
    return ScoreLabels(
        votes=votes,
        total=total,
        mean=mean,
        sd=sd,
        low=low,
        high=high,
        t_low=t_low,
        t_high=t_high,
        level=level_of(total, n, maximum=ruleset.score_maximum),
    )


def _label_distortions(votes: IntArray, n: IntArray, ruleset: Ruleset) -> DistortionLabels:
    n_all = np.broadcast_to(n[:, None], votes.shape[:2])
    n_nonexistent = votes[:, :, NONEXISTENT]
    n_present = n_all - n_nonexistent
    present = 2 * n_nonexistent <= n_all  # "without" takes strictly more than half
    counted_votes = votes if ruleset.severity_counts_nonexistent else votes[:, :, :NONEXISTENT]
    counted_votes = np.where(present[:, :, None], counted_votes, 0)
    total, counted = _weighted_sum(counted_votes), counted_votes.sum(axis=2)
    low, high = mean_interval(total, counted, maximum=ruleset.severity_maximum)
    severity, sd = _quotient(total, counted), _sample_sd(counted_votes)
    t_low, t_high = _students(severity, sd, counted)
    level = level_of(total, np.where(present, counted, 1), maximum=ruleset.severity_maximum)
    return DistortionLabels(
        votes=votes,
        n_present=n_present,
        p_present=n_present / n_all,
        present=present,
        tie=2 * n_nonexistent == n_all,
        total=total,
        counted=counted,
        severity=severity,
        sd=sd,
        low=low,
        high=high,
        t_low=t_low,
        t_high=t_high,
        level=np.where(present, level, WITHOUT),
        severity_present=_quotient(_weighted_sum(votes[:, :, :NONEXISTENT]), n_present),
        severity_all=_quotient(_weighted_sum(votes), n_all),
    )


def _students(mean: FloatArray, sd: FloatArray, n: IntArray) -> tuple[FloatArray, FloatArray]:
    """Student's interval, rounded as the other one is: an export must not depend on a special function's last digits."""
    low, high = t_interval(mean, sd, n)
    return np.round(low, 6), np.round(high, 6)


def _weighted_sum(votes: IntArray) -> IntArray:
    """The sum of the votes behind histograms whose last axis is the vote."""
    return votes @ np.arange(votes.shape[-1])


def _sample_sd(votes: IntArray) -> FloatArray:
    """Sample standard deviation (divisor n - 1) of the votes behind histograms; NaN below two votes."""
    values = np.arange(votes.shape[-1])
    n, total, squares = votes.sum(axis=-1), votes @ values, votes @ values**2
    return np.sqrt(_quotient(n * squares - total**2, n * (n - 1)))


def _quotient(numerator: IntArray, denominator: IntArray) -> FloatArray:
    """Divide; NaN where the denominator is 0."""
    undefined = np.full(np.shape(numerator), np.nan)
    quotient: FloatArray = np.divide(numerator, denominator, out=undefined, where=denominator != 0)
    return quotient
