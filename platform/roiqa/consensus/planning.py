"""What a stopping rule would cost, and what a study needs: played through on the labels that a study has so far."""

from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt

from roiqa.consensus.models import Consensus
from roiqa.consensus.rules.power import OutOfReach, plan_study
from roiqa.consensus.rules.rulesets import ruleset_named
from roiqa.consensus.rules.stopping import StoppingRule, forecast
from roiqa.consensus.selectors import histograms_of
from roiqa.core.errors import Invalid
from roiqa.images.models import Split
from roiqa.studies.models import Study, StudyROI

# More ROIs than these, drawn at random, would not change a forecast or plan.
SAMPLE_ROIS = 10_000


NO_FULL_ROI = "No ROI has {fewest} ratings yet: the cost can be told when some have."
NO_PILOT = "No ROI has two ratings yet: nothing tells how far people differ."


def stopping_forecast(*, study: Study, rule: StoppingRule) -> dict[str, Any]:
    """{forecast, note}: what the rule would cost; no forecast, and a note why, while no ROI has `fewest` votes."""
    votes, in_test = _labels(study)
    histograms = histograms_of(votes)
    found = forecast(rule, quality=histograms.quality, severity=histograms.severity, in_test=in_test)
    if found is None:
        return {"forecast": None, "note": NO_FULL_ROI.format(fewest=rule.fewest)}
    rois = StudyROI.objects.filter(study=study, is_gold=False).count()
    further = round(rois * (found.mean_votes - rule.fewest))
    return {"forecast": {**asdict(found), "further_votes": further}, "note": ""}


def study_plan(*, study: Study, **targets: Any) -> dict[str, Any]:
    """{plan, note}: what a study whose ROIs are like those rated here needs; targets as `plan_study` takes them.

    No plan, and a note why, while no ROI has two ratings. Raises Invalid if a target cannot be reached.
    """
    votes, _ = _labels(study)
    quality = histograms_of(votes).quality
    if not (quality.sum(axis=1) >= 2).any():
        return {"plan": None, "note": NO_PILOT}
    try:
        plan = plan_study(quality, maximum=ruleset_named(study.ruleset).score_maximum, **targets)
    except OutOfReach as refusal:
        raise Invalid(str(refusal), code="target_out_of_reach") from refusal
    return {"plan": asdict(plan), "note": ""}


def _labels(study: Study) -> tuple[list[list[int]], npt.NDArray[np.bool_]]:
    """The stored counts of up to SAMPLE_ROIS labelled ROIs, in random order, and which are of the test split."""
    rows = list(
        Consensus.objects.filter(study_roi__study=study)
        .order_by("study_roi__shuffle_key")
        .values_list("votes", "study_roi__image__split")[:SAMPLE_ROIS]
    )
    return [votes for votes, _ in rows], np.array([split == Split.TEST for _, split in rows], dtype=bool)
