"""How many annotators, votes and ROIs a study needs, worked out from some pilot ratings."""

import math
from dataclasses import dataclass
from typing import Final

from scipy.special import stdtrit

from roiqa.consensus.rules.ceilings import label_ceiling
from roiqa.consensus.rules.resampling import Interval
from roiqa.consensus.rules.stopping import CONFIDENCE, SPREAD_PRIOR, pooled_within_variance
from roiqa.consensus.rules.votes import IntArray

# More votes than this on one ROI are no plan.
MOST_VOTES: Final = 100
# No annotator should make more than this share of a study's labels: their taste would become the study's.
LARGEST_SHARE: Final = 0.4


@dataclass(frozen=True, slots=True)
class StudyPlan:
    """What a study of `rois` ROIs needs to reach the targets it was asked for."""

    rois: int
    votes_per_roi: int  # the largest of the two below that were asked for
    votes_for_half_width: int | None
    votes_for_level_accuracy: int | None
    annotators: int
    ratings: int
    ratings_per_annotator: int  # on average
    reliability: (
        float | None
    )  # share of the labels' variance that is not chance; None if the pilot's ROIs do not differ


@dataclass(frozen=True, slots=True)
class VotePoint:
    """What so many votes per ROI buy."""

    votes: int
    half_width: float  # of the 95 % interval of a typical label
    level_accuracy: float | None  # share of right words; None if the pilot's ROIs do not differ


class OutOfReach(ValueError):
    """No reasonable number of votes reaches a target; the text names the target and the best that can be had."""


def plan_study(
    pilot: IntArray,
    *,
    maximum: int,
    rois: int,
    half_width: float | None = None,
    level_accuracy: float | None = None,
    ratings_per_annotator: int | None = None,
) -> StudyPlan:
    """Votes per ROI, annotators and ratings for a study of `rois` ROIs like the pilot's.

    pilot: vote histograms (R, maximum + 1) of one scale, some ROIs with two votes at least. half_width: wanted half of the 95 % interval
    of a label, units of the scale. level_accuracy: wanted share of ROIs whose word endless votes would confirm, 0..1. At
    least one of the two. ratings_per_annotator: what one person can be asked for.
    Raises: ValueError if neither target is given or the pilot has no ROI with two votes; OutOfReach.
    """
    if half_width is None and level_accuracy is None:
        raise ValueError("A plan needs a target: give half_width, level_accuracy, or both.")
    if not (pilot.sum(axis=1) >= 2).any():
        raise ValueError("The pilot has no ROI with two ratings: nothing tells yet how far people differ.")
    by_width = None if half_width is None else votes_for_half_width(pilot, half_width)
    by_level = None if level_accuracy is None else votes_for_level_accuracy(pilot, level_accuracy, maximum=maximum)
    votes = max(count for count in (by_width, by_level) if count is not None)
    ratings = rois * votes
    people = math.ceil(votes / LARGEST_SHARE)
    if ratings_per_annotator is not None:
        people = max(people, math.ceil(ratings / ratings_per_annotator))
    ceiling = label_ceiling(pilot, maximum=maximum, vote_counts=[votes])
    return StudyPlan(
        rois=rois,
        votes_per_roi=votes,
        votes_for_half_width=by_width,
        votes_for_level_accuracy=by_level,
        annotators=people,
        ratings=ratings,
        ratings_per_annotator=math.ceil(ratings / people),
        reliability=ceiling[0].correlation ** 2 if ceiling else None,
    )


def vote_curve(pilot: IntArray, *, maximum: int, most: int) -> list[VotePoint]:
    """What 1, 2, ... `most` votes per ROI buy, from a pilot as `plan_study` takes it."""
    variance = pooled_within_variance(pilot)
    counts = range(1, most + 1)
    accuracies = {one.votes: one.level_accuracy for one in label_ceiling(pilot, maximum=maximum, vote_counts=counts)}
    return [VotePoint(count, _typical_half_width(variance, count), accuracies.get(count)) for count in counts]


def votes_for_half_width(histograms: IntArray, half_width: float) -> int:
    """The fewest votes by which the interval of a typical label is that narrow; the interval is that of `stopping`.

    histograms (R, V) of one scale. Raises OutOfReach.
    """
    variance = pooled_within_variance(histograms)
    width = math.inf
    for votes in range(1, MOST_VOTES + 1):
        width = _typical_half_width(variance, votes)
        if width <= half_width:
            return votes
    raise OutOfReach(
        f"half_width is {half_width}: {MOST_VOTES} votes per ROI reach {width:.2f}. Ask for a wider interval."
    )


def _typical_half_width(variance: float, votes: int) -> float:
    return float(stdtrit(SPREAD_PRIOR + votes - 1, (1 + CONFIDENCE) / 2)) * math.sqrt(variance / votes)


def votes_for_level_accuracy(histograms: IntArray, level_accuracy: float, *, maximum: int) -> int:
    """The fewest votes by which that share of the level words is what endless votes would say. Raises OutOfReach."""
    ceilings = label_ceiling(histograms, maximum=maximum, vote_counts=range(1, MOST_VOTES + 1))
    if not ceilings:
        raise OutOfReach("level_accuracy cannot be planned: the pilot's ROIs do not differ in this scale.")
    for ceiling in ceilings:
        if ceiling.level_accuracy >= level_accuracy:
            return ceiling.votes
    raise OutOfReach(
        f"level_accuracy is {level_accuracy}: {MOST_VOTES} votes per ROI reach {ceilings[-1].level_accuracy:.2f}, since "
        "some ROIs lie on the border of two words. Ask for less."
    )


def images_for_interval(interval: Interval, *, images: int, half_width: float) -> int | None:
    """How many images make the interval of an agreement figure this narrow; None if the pilot's has no ends.

    An interval over images narrows with the square root of their number.
    """
    if interval.low is None or interval.high is None:
        return None
    return max(1, math.ceil(images * ((interval.high - interval.low) / (2 * half_width)) ** 2))
