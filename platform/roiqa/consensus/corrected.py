"""Labels corrected for leaning and careless annotators, for the ROIs of one page.

What a fit found about the annotators is remembered as long as the same ratings count; an ROI's corrected mean then
follows from its own votes. A small study is fitted when it is read (a tenth of a second), a large one with its figures.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
from django.core.cache import cache
from django.db import connection

from roiqa.consensus.models import StudyStatistics
from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.records import Record, correction_record
from roiqa.consensus.rules.report import SCORES
from roiqa.consensus.rules.subjects import RaterFacts, corrected_scores
from roiqa.consensus.statistics import REMEMBERED_SECONDS, digest_of, is_small, ratings_of, score_models
from roiqa.studies.models import Study

_UNKNOWN: Final[Record] = correction_record(float("nan"), float("nan"))
_VOTES: Final = """
SELECT v.study_roi_id, v.annotator_id, v.quality, v.importance FROM ratings_rating v
WHERE v.study_roi_id = ANY(%s) AND v.is_current AND v.status = 'accepted'
  AND NOT EXISTS (
    SELECT 1 FROM studies_membership m
    WHERE m.study_id = v.study_id AND m.user_id = v.annotator_id AND m.role = 'annotator' AND m.excluded_at IS NOT NULL)
ORDER BY v.study_roi_id, v.annotator_id
"""

# By score: {"shift", "inflation", "people": {user id: [bias, inconsistency]}}, as JSON keeps it.
Facts = Mapping[str, Any]


def corrected_labels(*, study: Study, labels: Mapping[int, Record]) -> dict[int, Record]:
    """The labels (by StudyROI id) with `mos_map` and `mos_map_se` in quality and importance; None where not known."""
    corrections = _corrections(study, list(labels))
    return {
        roi: {**label, **{score: {**label[score], **corrections.get(roi, {}).get(score, _UNKNOWN)} for score in SCORES}}
        for roi, label in labels.items()
    }


def _corrections(study: Study, rois: Sequence[int]) -> dict[int, dict[str, Record]]:
    facts = _facts_of(study) if rois else None
    if facts is None:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_VOTES, [list(rois)])
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2 + len(SCORES))
    found, roi = np.unique(rows[:, 0], return_inverse=True)
    people, annotator = np.unique(rows[:, 1], return_inverse=True)
    panel = PanelVotes(roi, annotator, rows[:, 2:], len(found), len(people))
    made: dict[int, dict[str, Record]] = {one: {} for one in found.tolist()}
    for column, score in enumerate(SCORES):
        known = facts[score]["people"]
        table = np.array([known.get(str(person), (None, None)) for person in people.tolist()], dtype=np.float64)
        bias, inconsistency = table.reshape(-1, 2).T
        rater_facts = RaterFacts(bias, inconsistency, facts[score]["shift"], _float(facts[score]["inflation"]))
        means, errors = corrected_scores(panel.scale(column), rater_facts)
        for one, mean, error in zip(found.tolist(), means, errors, strict=True):
            made[one][score] = correction_record(mean, error)
    return made


def _facts_of(study: Study) -> Facts | None:
    """What is known about the annotators now; of a large study what its last figures said, None if there are none."""
    if is_small(study):
        key = f"raters-{study.pk}-{digest_of(study)}"
        text = cache.get(key)
        if text is None:
            text = json.dumps(_fitted(study))
            cache.set(key, text, REMEMBERED_SECONDS)
        facts: Facts = json.loads(text)
        return facts
    row = StudyStatistics.objects.filter(study=study).first()
    if row is None or "models" not in row.annotators:
        return None
    return {
        score: {
            **row.annotators["models"][score],
            "people": {
                user: (person["bias"][score], person["inconsistency"][score])
                for user, person in row.annotators["people"].items()
            },
        }
        for score in SCORES
    }


def _fitted(study: Study) -> Facts:
    ratings = ratings_of(study)
    return {
        score: {
            "shift": model.shift,
            "inflation": _number(model.inflation),
            "people": {
                str(user): [_number(bias), _number(inconsistency)]
                for user, bias, inconsistency in zip(
                    ratings.annotators.tolist(), model.bias.tolist(), model.inconsistency.tolist(), strict=True
                )
            },
        }
        for score, model in score_models(ratings).items()
    }


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _float(value: float | None) -> float:
    return float("nan") if value is None else value
