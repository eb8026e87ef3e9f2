"""Which annotators need a second look. A flag is a reason for a person to look, never a verdict: people exclude.

Shapes: N ratings, R ROIs, I annotators, D = 6 distortions.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri, stdtr

from roiqa.consensus.rules.bt500 import bt500_screening
from roiqa.consensus.rules.panel import PanelVotes, total_by
from roiqa.consensus.rules.ranks import grouped_spearman, order_of_means
from roiqa.consensus.rules.subjects import SubjectModel, fit_subjects
from roiqa.core.scales import DISTORTIONS, NONEXISTENT, SCALES

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# Below 50 ratings honest annotators fall as low as random ones reach (simulated: with 30, 0.43 against 0.40).
FEWEST_RATINGS: Final = 50
LOWEST_AGREEMENT: Final = 0.35
FEWEST_GOLDS: Final = 10
GOLD_PASS_RATE: Final = 0.7
LINE_RATIO: Final = 2.0
PRESENCE_Z: Final = 3.0
DEVIATIONS: Final = 3.0
# The median absolute deviation of normal values times this is their standard deviation.
_MAD_TO_SD: Final = 1.4826
# It knows the standard deviation of n normal values as well as the usual estimate does from 0.37 n.
_MAD_EFFICIENCY: Final = 0.37
FASTEST_SECONDS: Final = 6.0
FAST_SHARE_OF_MEDIAN: Final = 1 / 3


class Flag(StrEnum):
    """Why an annotator needs a second look."""

    LOW_AGREEMENT = "low_agreement"  # ranks the ROIs' quality unlike the others do
    INCONSISTENT = "inconsistent"  # votes scatter far more than the panel's
    GOLDS_FAILED = "golds_failed"  # answers ROIs with a known answer wrong
    LINE_CLICKER = "line_clicker"  # gives one and the same quality or importance most of the time
    PRESENCE_RATE = "presence_rate"  # sees a distortion far more or less often than the others on the same ROIs


@dataclass(frozen=True, slots=True)
class Golds:
    """How many golds each annotator answered, and how many of them within the tolerance, (I,) each."""

    answered: npt.NDArray[np.int64]
    passed: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Screening:
    """The numbers of each annotator; NaN where there is too little to say."""

    ratings: npt.NDArray[np.int64]  # (I,)
    agreement: FloatArray  # (I, 8) rank correlation with the mean of the others on the same ROIs, per scale
    agreement_bound: float  # what `LOW_AGREEMENT` takes for low in quality, from this panel
    bias: FloatArray  # (I, 2) of quality and importance; above 0: votes higher than the others
    inconsistency: FloatArray  # (I, 2) spread of the own votes around what the model expects
    inconsistency_bound: float  # for quality, from this panel; NaN below four annotators with enough ratings
    line_ratio: FloatArray  # (I, 2) votes for the favourite answer by all other votes; infinite if there is no other
    presence: FloatArray  # (I, D) share of the own votes that see the distortion
    presence_panel: FloatArray  # (I, D) the others' share on the same ROIs
    presence_z: FloatArray  # (I, D) how unusual the difference is
    gold_rate: FloatArray  # (I,) NaN without golds
    bt500_far: FloatArray  # (I,) for information
    bt500_rejected: BoolArray  # (I,) for information
    flags: tuple[tuple[Flag, ...], ...]  # of each annotator


def golds_failed(*, answered: Any, passed: Any) -> Any:
    """Whether so many passed of so many golds answered are too few; numbers or arrays of one shape."""
    return (answered >= FEWEST_GOLDS) & (passed < GOLD_PASS_RATE * answered)


def screen(panel: PanelVotes, *, golds: Golds | None = None, models: Sequence[SubjectModel] | None = None) -> Screening:
    """Screen everybody on a panel of all eight scales (N, 8), in the order of SCALES.

    Give all ratings, those of excluded annotators too if they are to be shown; the others' votes are the yardstick.
    models: of quality and importance, if they have been fitted on this panel already.
    """
    quality, importance = SCALES.index("quality"), SCALES.index("importance")
    given = panel.votes_per_annotator
    enough = given >= FEWEST_RATINGS
    agreement = np.column_stack([leave_one_out(panel.scale(index)) for index in range(len(SCALES))])
    if models is None:
        models = [fit_subjects(panel.scale(index)) for index in (quality, importance)]
    inconsistency = np.column_stack([model.inconsistency for model in models])
    ratio = np.column_stack([line_ratio(panel.scale(index)) for index in (quality, importance)])
    own, others, z = presence_rates(panel.only_scales(list(range(len(DISTORTIONS)))))
    bt500 = bt500_screening(panel.scale(quality))
    answered, passed = (golds.answered, golds.passed) if golds else (np.zeros_like(given), np.zeros_like(given))
    gold_rate = np.divide(passed, answered, out=np.full(len(given), np.nan), where=answered > 0)
    low = agreement_bound(agreement[enough, quality])
    scattered = inconsistency_bound(inconsistency[enough, 0])
    with np.errstate(invalid="ignore"):
        raised = {
            Flag.LOW_AGREEMENT: enough & (agreement[:, quality] < low) | enough & np.isnan(agreement[:, quality]),
            Flag.INCONSISTENT: enough & (inconsistency[:, 0] > scattered),
            Flag.GOLDS_FAILED: golds_failed(answered=answered, passed=passed),
            Flag.LINE_CLICKER: enough & (ratio > LINE_RATIO).any(axis=1),
            Flag.PRESENCE_RATE: enough & (np.abs(z) > PRESENCE_Z).any(axis=1),
        }
    return Screening(
        ratings=given,
        agreement=agreement,
        agreement_bound=low,
        bias=np.column_stack([model.bias for model in models]),
        inconsistency=inconsistency,
        inconsistency_bound=scattered,
        line_ratio=ratio,
        presence=own,
        presence_panel=others,
        presence_z=z,
        gold_rate=gold_rate,
        bt500_far=bt500.far,
        bt500_rejected=bt500.rejected,
        flags=tuple(tuple(flag for flag, who in raised.items() if who[person]) for person in range(len(given))),
    )


def leave_one_out(panel: PanelVotes) -> FloatArray:
    """Spearman's correlation of each annotator's votes with the mean of the *other* votes on the same ROIs, (I,).

    One scale. ROIs that nobody else rated do not count; NaN where fewer than two are left or one side does not vary:
    someone who always gives the same answer has no correlation, and `screen` flags that too.
    """
    n, votes = panel.votes_per_roi[panel.roi], panel.votes[:, 0]
    shared = n >= 2
    roi, mine = panel.roi[shared], votes[shared]
    others = order_of_means(panel.totals[roi, 0].astype(np.int64) - mine, n[shared] - 1)
    return grouped_spearman(panel.annotator[shared], mine, others, panel.annotator_count)


def agreement_bound(agreement: FloatArray) -> float:
    """What counts as a low leave-one-out correlation in this panel: 0.35, or three deviations below the median."""
    known = agreement[~np.isnan(agreement)]
    if not len(known):
        return LOWEST_AGREEMENT
    return max(LOWEST_AGREEMENT, float(np.median(known)) - DEVIATIONS * _robust_sd(known))


def inconsistency_bound(inconsistency: FloatArray) -> float:
    """What counts as a large scatter: three deviations above the median; NaN below four annotators."""
    known = inconsistency[~np.isnan(inconsistency)]
    return float(np.median(known)) + DEVIATIONS * _robust_sd(known) if len(known) >= 4 else float("nan")


def line_ratio(panel: PanelVotes) -> FloatArray:
    """Votes for the favourite answer by all other votes, (I,): 2 means two thirds of all. Infinite if there is no other.

    For quality and importance only: "nonexistent" most of the time is right for most distortions.
    """
    values = int(panel.votes.max(initial=0)) + 1
    cells = np.bincount(panel.annotator * values + panel.votes[:, 0], minlength=panel.annotator_count * values)
    counts = cells.reshape(panel.annotator_count, values)
    favourite = counts.max(axis=1)
    rest = counts.sum(axis=1) - favourite
    ratio = np.divide(favourite, rest, out=np.full(len(rest), np.inf), where=rest > 0)
    return np.where(favourite > 0, ratio, np.nan)


def presence_rates(panel: PanelVotes) -> tuple[FloatArray, FloatArray, FloatArray]:
    """How often each annotator sees each distortion, how often the others do on the same ROIs, and a z, (I, D) each.

    Panel (N, D) of severities. Honest people differ in what they call "trivial", so z measures the difference in units
    of the panel's own spread of differences and of chance together: only who stands out is flagged. A small panel knows
    its own spread badly, so there z is smaller than the plain quotient.
    ROIs that nobody else rated do not count.
    """
    n = panel.votes_per_roi[panel.roi]
    shared = n >= 2
    who, roi, n = panel.annotator[shared], panel.roi[shared], n[shared]
    count = panel.annotator_count
    given = np.bincount(who, minlength=count)
    columns = []
    for index in range(panel.votes.shape[1]):
        seen = (panel.votes[:, index] != NONEXISTENT).astype(np.float64)
        total = total_by(panel.roi, seen, panel.roi_count)
        seen = seen[shared]
        rest = (total[roi] - seen) / (n - 1)
        own = _mean_of(total_by(who, seen, count), given)
        others = _mean_of(total_by(who, rest, count), given)
        # The others' share on an ROI is itself a mean of few votes: both sides are chance.
        average = total[roi] / n
        noise = average * (1 - average) * (1 + 1 / (n - 1))
        chance = _mean_of(total_by(who, noise, count), given)
        difference = own - others
        known = given >= FEWEST_RATINGS
        spread = _robust_sd(difference[known]) if known.any() else 0.0
        sd = np.sqrt(spread**2 + chance / np.maximum(given, 1))
        z = _as_normal(np.divide(difference, sd, out=np.zeros(count), where=sd > 0), int(known.sum()))
        columns.append((own, others, np.where(given > 0, z, np.nan)))
    own_all, others_all, z_all = (np.column_stack(part) for part in zip(*columns, strict=True))
    return own_all, others_all, z_all


def fast_share(seconds: Sequence[float]) -> float | None:
    """The share of one annotator's ratings made in less than 6 s or a third of the own median; None without any.

    Eight answers take longer than that. A soft sign: nothing is flagged by it alone.
    """
    if not seconds:
        return None
    times = np.asarray(seconds, dtype=np.float64)
    floor = max(FASTEST_SECONDS, FAST_SHARE_OF_MEDIAN * float(np.median(times)))
    return float((times < floor).mean())


def _robust_sd(values: FloatArray) -> float:
    return _MAD_TO_SD * float(np.median(np.abs(values - np.median(values))))


def _as_normal(quotient: FloatArray, people: int) -> FloatArray:
    """The normal z that is as rare as this quotient by a spread that was estimated from so many people."""
    freedom = max(1.0, _MAD_EFFICIENCY * (people - 1))
    z: FloatArray = -np.sign(quotient) * ndtri(np.maximum(stdtr(freedom, -np.abs(quotient)), 1e-300))
    return z


def _mean_of(total: FloatArray, count: npt.NDArray[np.integer]) -> FloatArray:
    mean: FloatArray = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean
