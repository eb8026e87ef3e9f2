"""The stopping rule at work: after each refresh of labels, the ROIs that it finds uncertain get two slots more."""

import numpy as np
import numpy.typing as npt
from django.db import connection

from roiqa.consensus.rules.stopping import StoppingRule, pooled_within_variance, wanted_votes
from roiqa.consensus.rules.votes import VoteHistograms
from roiqa.core.scales import DISTORTIONS, QUALITY_VOTES
from roiqa.images.models import Split
from roiqa.studies.models import Study

STEP = 2
NEAR_TIES = 2
# Labels that the study's usual spread is taken from; more would not change it.
SAMPLE_LABELS = 10_000
_FIRST_QUALITY = len(DISTORTIONS) * 6

_QUALITY_VOTES = f"""
SELECT c.votes[{_FIRST_QUALITY + 1}:{_FIRST_QUALITY + len(QUALITY_VOTES)}]
FROM consensus_consensus c JOIN studies_studyroi r ON r.id = c.study_roi_id
WHERE r.study_id = %s LIMIT {SAMPLE_LABELS}
"""  # noqa: S608  (made of constants)
_OF_TEST_SPLIT = f"""
SELECT r.id FROM studies_studyroi r JOIN images_image i ON i.id = r.image_id
WHERE r.id = ANY(%s) AND i.split = '{Split.TEST.value}'
"""  # noqa: S608
# Never fewer than were asked for: somebody may be rating it for them.
_ASK = """
UPDATE studies_studyroi r SET raters_wanted = asked.wanted
FROM unnest(%s::bigint[], %s::int[]) AS asked (roi, wanted)
WHERE r.id = asked.roi AND r.raters_wanted < asked.wanted AND NOT r.is_gold
"""


def rule_of(study: Study) -> StoppingRule:
    """The study's protocol as a stopping rule."""
    return StoppingRule(
        fewest=study.raters_per_roi,
        step=STEP,
        most=study.most_votes,
        half_width=study.half_width,
        near_ties=NEAR_TIES if study.ask_on_near_ties else None,
    )


def ask_for_more(
    *, study: Study, rois: npt.NDArray[np.int64], blind: VoteHistograms, others: npt.NDArray[np.int64]
) -> None:
    """Give these ROIs (ids, sorted and locked) the slots that the study's rule asks for, never one of the test split.

    blind: the counted votes that no model was shown before, which alone the rule looks at; others: how many counted
    votes each ROI has besides.
    """
    in_test = np.isin(rois, _of_test_split(rois))
    wanted = wanted_votes(
        rule_of(study),
        quality=blind.quality,
        severity=blind.severity,
        in_test=in_test,
        pooled_variance=_usual_variance(study),
    )
    # The most is a bound on all votes: where nearly every form comes filled in, blind ones alone may never be enough.
    asked = np.where(in_test, 0, np.minimum(wanted + others, study.most_votes))
    with connection.cursor() as cursor:
        cursor.execute(_ASK, [rois.tolist(), asked.tolist()])


def _of_test_split(rois: npt.NDArray[np.int64]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(_OF_TEST_SPLIT, [rois.tolist()])
        return [row[0] for row in cursor.fetchall()]


def _usual_variance(study: Study) -> float:
    """How far the votes on one ROI lie from each other in this study, from the labels it has (those just stored too)."""
    with connection.cursor() as cursor:
        cursor.execute(_QUALITY_VOTES, [study.pk])
        votes = np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)
    return pooled_within_variance(votes.reshape(-1, len(QUALITY_VOTES)))
