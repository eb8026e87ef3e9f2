"""What the labels would be with and without one annotator's votes, before and after somebody decides."""

from typing import Any, Final
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection

from roiqa.consensus.rules.agreement import ordinal_alpha
from roiqa.consensus.rules.labels import WITHOUT, LabelTable, label_rois
from roiqa.consensus.rules.rulesets import ruleset_named
from roiqa.consensus.rules.votes import VoteHistograms, count_votes
from roiqa.core.errors import NotFound
from roiqa.core.scales import DISTORTIONS, IMPORTANCE_LEVELS, QUALITY_LEVELS, SCALES, SEVERITY_LEVELS
from roiqa.studies.models import Membership, Role, Study, StudyImage, StudyROI

# As many ROIs are named; the counts count all.
MAX_NAMED: Final = 50

# Every vote that counts on the ROIs that this annotator rated, and this annotator's own whether it counts or not.
_VOTES = """
SELECT v.study_roi_id, (v.annotator_id = %(annotator)s)::int,
  v.exposure, v.noise, v.blur, v.contrast, v.colorfulness, v.compression, v.quality, v.importance
FROM ratings_rating v
WHERE v.study_id = %(study)s AND v.is_current AND v.status = 'accepted'
  AND v.study_roi_id IN (
    SELECT study_roi_id FROM ratings_rating
    WHERE study_id = %(study)s AND annotator_id = %(annotator)s AND is_current AND status = 'accepted')
  AND (v.annotator_id = %(annotator)s OR NOT EXISTS (
    SELECT 1 FROM studies_membership m
    WHERE m.study_id = v.study_id AND m.user_id = v.annotator_id AND m.role = 'annotator' AND m.excluded_at IS NOT NULL))
ORDER BY v.study_roi_id
"""
_WORDS: Final = (*(SEVERITY_LEVELS for _ in DISTORTIONS), QUALITY_LEVELS, IMPORTANCE_LEVELS)


def effect_of_votes(*, study: Study, member_id: UUID) -> dict[str, Any]:
    """The labels of the ROIs that this annotator rated, with and without the annotator's votes.

    Whether the votes count at present makes no difference to either side. Raises NotFound.
    """
    member = (
        Membership.objects.filter(study=study, pk=member_id, role=Role.ANNOTATOR)
        .values("user_id", "excluded_at")
        .first()
    )
    if member is None:
        raise NotFound(f"There is no annotator {member_id} in {study.slug!r}.", code="member_not_found")
    with connection.cursor() as cursor:
        cursor.execute(_VOTES, {"study": study.pk, "annotator": member["user_id"]})
        rows = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2 + len(SCALES))
    rois, roi = np.unique(rows[:, 0], return_inverse=True)
    votes = [_histograms(rows[chosen], roi[chosen], len(rois)) for chosen in (rows[:, 1] >= 0, rows[:, 1] == 0)]
    tables = [label_rois(histograms, ruleset_named(study.ruleset)) for histograms in votes]
    with_votes, without = tables
    left = np.searchsorted(with_votes.roi, without.roi)
    changed = _levels(with_votes)[left] != _levels(without)
    numbers = rois[without.roi[changed.any(axis=1)]]
    return {
        "member": member_id,
        "excluded": member["excluded_at"] is not None,
        "rois": len(rois),
        "changed": len(numbers),
        "scales": dict(zip(SCALES, changed.sum(axis=0).tolist(), strict=True)),
        "unlabelled": len(rois) - len(without.roi),
        "short": _short(rois, without),
        "shift": {
            score: _mean(getattr(with_votes, score).mean[left] - getattr(without, score).mean)
            for score in ("quality", "importance")
        },
        "alpha": {
            "with_votes": _alphas(votes[0]),
            "without_votes": _alphas(votes[1]),
        },
        "examples": _examples(study, rois, tables, changed),
    }


def _histograms(rows: npt.NDArray[np.int64], roi: npt.NDArray[np.int64], count: int) -> VoteHistograms:
    return count_votes(roi=roi, severities=rows[:, 2:8], quality=rows[:, 8], importance=rows[:, 9], roi_count=count)


def _levels(table: LabelTable) -> npt.NDArray[np.int64]:
    return np.column_stack([table.distortions.level, table.quality.level, table.importance.level])


def _mean(values: npt.NDArray[np.float64]) -> float | None:
    return float(values.mean()) if len(values) else None


def _alphas(votes: VoteHistograms) -> dict[str, float | None]:
    tables = [votes.severity[:, index] for index in range(len(DISTORTIONS))] + [votes.quality, votes.importance]
    return {scale: ordinal_alpha(table) for scale, table in zip(SCALES, tables, strict=True)}


def _short(rois: npt.NDArray[np.int64], without: LabelTable) -> int:
    """How many of the ROIs would have fewer votes than they want."""
    wanted = dict(StudyROI.objects.filter(pk__in=rois.tolist()).values_list("pk", "raters_wanted"))
    left = dict(zip(rois[without.roi].tolist(), without.n.tolist(), strict=True))
    return sum(left.get(pk, 0) < count for pk, count in wanted.items())


def _examples(
    study: Study, rois: npt.NDArray[np.int64], tables: list[LabelTable], changed: npt.NDArray[np.bool_]
) -> list[dict[str, Any]]:
    """The ROIs with most changed words first."""
    with_votes, without = tables
    rows = np.argsort(-changed.sum(axis=1), kind="stable")[: min(MAX_NAMED, int(changed.any(axis=1).sum()))]
    keys = rois[without.roi[rows]].tolist()
    found = StudyROI.objects.select_related("roi").in_bulk(keys)
    names = dict(
        StudyImage.objects.filter(study=study, image__in={one.image_id for one in found.values()}).values_list(
            "image_id", "file_name"
        )
    )
    before, after = _levels(with_votes), _levels(without)
    examples = []
    for row, key in zip(rows.tolist(), keys, strict=True):
        old = before[np.searchsorted(with_votes.roi, without.roi[row])]
        examples.append(
            {
                "roi": found[key].roi_id,
                "image": found[key].image_id,
                "file_name": names.get(found[key].image_id, ""),
                "name": found[key].roi.name,
                "changes": [
                    {
                        "scale": scale,
                        "with_votes": _word(index, int(old[index])),
                        "without_votes": _word(index, int(after[row, index])),
                    }
                    for index, scale in enumerate(SCALES)
                    if changed[row, index]
                ],
            }
        )
    return examples


def _word(scale: int, level: int) -> str | None:
    return None if level == WITHOUT else _WORDS[scale][level]
