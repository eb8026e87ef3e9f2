"""What a stopping rule would cost, and what a study needs: played through on the labels that a study has so far."""

import math
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from roiqa.consensus.models import Consensus
from roiqa.consensus.rules.agreement import bootstrap_ordinal_alpha
from roiqa.consensus.rules.power import MOST_VOTES, OutOfReach, images_for_interval, plan_study, vote_curve
from roiqa.consensus.rules.rulesets import ruleset_named
from roiqa.consensus.rules.stopping import StoppingRule, forecast
from roiqa.consensus.selectors import histograms_of
from roiqa.core.errors import Invalid
from roiqa.images.models import Split
from roiqa.studies.models import Study, StudyROI

# More ROIs than these, drawn at random, would not change a forecast or plan.
SAMPLE_ROIS = 10_000
# How far the curve of a plan goes at least.
CURVE_VOTES = 24

NO_FULL_ROI = "No ROI has {fewest} ratings yet: the cost can be told when some have."
NO_ALPHA = "The agreement of the ratings so far has no interval: give rois, or ask again when more images are rated."
NO_PILOT = "No ROI has two ratings yet: nothing tells how far people differ."


def stopping_forecast(*, study: Study, rule: StoppingRule) -> dict[str, Any]:
    """{forecast, note}: what the rule would cost; no forecast, and a note why, while no ROI has `fewest` votes."""
    votes, in_test, _ = _labels(study)
    histograms = histograms_of(votes)
    found = forecast(rule, quality=histograms.quality, severity=histograms.severity, in_test=in_test)
    if found is None:
        return {"forecast": None, "note": NO_FULL_ROI.format(fewest=rule.fewest)}
    rois = StudyROI.objects.filter(study=study, is_gold=False).count()
    further = round(rois * (found.mean_votes - rule.fewest))
    return {"forecast": {**asdict(found), "further_votes": further}, "note": ""}


def study_plan(
    *, study: Study, rois: int | None = None, alpha_half_width: float | None = None, **targets: Any
) -> dict[str, Any]:
    """{plan, note}: what a study whose ROIs are like those rated here needs.

    rois: how many ROIs it is to have; None: as many as narrow the interval of quality's alpha (over images) to +-
    `alpha_half_width`. One of the two must be given. targets: as `plan_study` takes them.
    No plan, and a note why, while no ROI has two ratings. Raises Invalid if a target cannot be reached.
    """
    votes, _, images = _labels(study)
    quality = histograms_of(votes).quality
    if not (quality.sum(axis=1) >= 2).any():
        return {"plan": None, "note": NO_PILOT}
    needed = None if alpha_half_width is None else _size_for_alpha(quality, images, alpha_half_width)
    size = rois
    if size is None and needed is not None:
        size = needed["rois"]
    if size is None:
        raise Invalid(NO_ALPHA, code="target_out_of_reach", fields={"alpha_half_width": [NO_ALPHA]})
    maximum = ruleset_named(study.ruleset).score_maximum
    try:
        plan = plan_study(quality, maximum=maximum, rois=size, **targets)
    except OutOfReach as refusal:
        raise Invalid(str(refusal), code="target_out_of_reach") from refusal
    most = min(MOST_VOTES, max(CURVE_VOTES, plan.votes_per_roi + 3))
    curve = [asdict(point) for point in vote_curve(quality, maximum=maximum, most=most)]
    return {"plan": {**asdict(plan), "for_alpha": needed, "curve": curve}, "note": ""}


def _size_for_alpha(
    quality: npt.NDArray[np.int64], images: npt.NDArray[np.int64], half_width: float
) -> dict[str, int] | None:
    """How many images, and ROIs on them, make the interval of quality's alpha this narrow; None if it has none.

    One image alone tells nothing of how images differ.
    """
    here = len(np.unique(images))
    if here < 2:
        return None
    interval = bootstrap_ordinal_alpha(quality, clusters=images)
    needed = images_for_interval(interval, images=here, half_width=half_width)
    return None if needed is None else {"images": needed, "rois": math.ceil(needed * len(images) / here)}


def _labels(study: Study) -> tuple[list[list[int]], npt.NDArray[np.bool_], npt.NDArray[np.int64]]:
    """The stored counts of up to SAMPLE_ROIS labelled ROIs, in random order, which are of the test split, and the
    number of each one's image.
    """
    rows = list(
        Consensus.objects.filter(study_roi__study=study)
        .order_by("study_roi__shuffle_key")
        .values_list("votes", "study_roi__image__split", "study_roi__image")[:SAMPLE_ROIS]
    )
    images = {image: number for number, image in enumerate(dict.fromkeys(image for *_, image in rows))}
    return (
        [votes for votes, *_ in rows],
        np.array([split == Split.TEST for _, split, _ in rows], dtype=bool),
        np.array([images[image] for *_, image in rows], dtype=np.int64),
    )
