"""What a person should look at again after votes are in: odd votes, and ROIs that more votes would help.

Only the train part, and only suggestions that may be shown: never an image that the model was trained on.
"""

from collections.abc import Collection
from typing import Any, Final
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from roiqa.accounts.models import User
from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.second_look import odd_votes, wants_more
from roiqa.core import audit
from roiqa.core.errors import Conflict
from roiqa.core.scales import SCALES
from roiqa.registry.selectors import shown_suggestions
from roiqa.studies.models import Study, StudyImage, StudyROI

# A list for people: what does not fit is further down for good reason.
LONGEST: Final = 100

_VOTES = """
SELECT v.study_roi_id, m.pseudonym, u.username,
  v.exposure, v.noise, v.blur, v.contrast, v.colorfulness, v.compression, v.quality, v.importance
FROM ratings_rating v
JOIN studies_membership m ON m.study_id = v.study_id AND m.user_id = v.annotator_id AND m.role = 'annotator'
  AND m.excluded_at IS NULL
JOIN accounts_user u ON u.id = v.annotator_id
WHERE v.study_id = %s AND v.is_current AND v.status = 'accepted' AND v.study_roi_id = ANY(%s)
ORDER BY v.study_roi_id, v.id
"""
_ASK = """
WITH locked AS (
  SELECT id FROM studies_studyroi
  WHERE study_id = %(study)s AND roi_id = ANY(%(rois)s) AND NOT is_gold AND raters_wanted < %(most)s
    AND image_id IN (SELECT id FROM images_image WHERE split = 'train')
  ORDER BY id FOR NO KEY UPDATE
)
UPDATE studies_studyroi r SET raters_wanted = least(r.raters_wanted + %(more)s, %(most)s)
FROM locked WHERE r.id = locked.id
"""

Record = dict[str, Any]


def second_look(*, study: Study) -> Record:
    """{votes: odd ones, farthest first; rois: those that more votes would help; left_off: how many more of each}."""
    said = {
        one.study_roi_id: one
        for one in shown_suggestions()
        .select_related(None)
        .filter(study_roi__study=study, study_roi__n_accepted__gt=0)
        .only("study_roi_id", "levels", "uncertainty")
    }
    with connection.cursor() as cursor:
        cursor.execute(_VOTES, [study.pk, list(said)])
        rows = cursor.fetchall()
    if not rows:
        return {"votes": [], "rois": [], "left_off": {"votes": 0, "rois": 0}}
    ids, roi = np.unique([row[0] for row in rows], return_inverse=True)
    votes = np.array([row[3:] for row in rows], dtype=np.int64)
    model = np.array([said[one].levels for one in ids.tolist()], dtype=np.int64)
    panel = PanelVotes(roi.astype(np.int64), np.zeros(len(rows), dtype=np.int64), votes, len(ids), 1)
    found = odd_votes(panel, model)
    cells = sorted(zip(*np.nonzero(found.odd), strict=True), key=lambda cell: -found.distance[cell])
    quality = SCALES.index("quality")
    n = panel.votes_per_roi
    mean = panel.totals[:, quality] / n
    squares = np.bincount(panel.roi, weights=(votes[:, quality] - mean[panel.roi]) ** 2, minlength=len(ids))
    sd = np.sqrt(np.divide(squares, n - 1, out=np.full(len(ids), np.nan), where=n > 1))
    unsure = np.array([said[one].uncertainty for one in ids.tolist()])
    gain = wants_more(mean=mean, sd=sd, model=model[:, quality], uncertainty=unsure)
    order = [index for index in np.argsort(-gain, kind="stable").tolist() if gain[index] > 0]
    shown_votes, shown_rois = cells[:LONGEST], order[:LONGEST]
    named = _named(study, {int(ids[panel.roi[row]]) for row, _ in shown_votes} | {int(ids[one]) for one in shown_rois})
    return {
        "votes": [
            {
                **named[int(ids[panel.roi[row]])],
                "pseudonym": rows[row][1],
                "username": rows[row][2],
                "scale": SCALES[scale],
                "vote": int(votes[row, scale]),
                "others": float(found.others[row, scale]),
                "model": int(model[panel.roi[row], scale]),
            }
            for row, scale in shown_votes
        ],
        "rois": [
            {
                **named[int(ids[one])],
                "votes": int(n[one]),
                "quality": float(mean[one]),
                "sd": float(sd[one]) if n[one] > 1 else None,
                "model": int(model[one, quality]),
                "uncertainty": float(unsure[one]),
            }
            for one in shown_rois
        ],
        "left_off": {"votes": len(cells) - len(shown_votes), "rois": len(order) - len(shown_rois)},
    }


@transaction.atomic
def ask_more_votes(*, study: Study, rois: Collection[UUID], more: int, by: User) -> int:
    """Want so many further votes on these ROIs of the train part, up to the study's `most_votes`; answers on how many.

    Raises Conflict when none of them can get more.
    """
    facts: dict[str, int | list[UUID]] = {
        "study": study.pk,
        "rois": list(rois),
        "more": more,
        "most": study.most_votes,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ASK, facts)
        asked = int(cursor.rowcount)
    if not asked:
        raise Conflict(
            f"None of these {len(rois)} ROIs can get more votes: they are no ROIs of the train part of this study, or have "
            f"its most of {study.most_votes} already.",
            code="no_more_votes",
        )
    audit.record(
        actor_id=by.pk, action="more_votes_asked", study_slug=study.slug, target=study.slug, rois=asked, more=more
    )
    return asked


def _named(study: Study, ids: Collection[int]) -> dict[int, Record]:
    """What a list calls each ROI, and where its page is."""
    rows = StudyROI.objects.select_related("roi").filter(pk__in=ids)
    files = dict(
        StudyImage.objects.filter(study=study, image_id__in=[row.image_id for row in rows]).values_list(
            "image_id", "file_name"
        )
    )
    return {
        row.pk: {
            "roi": row.roi_id,
            "name": row.roi.name,
            "image": row.image_id,
            "file_name": files[row.image_id],
            "wanted": row.raters_wanted,
        }
        for row in rows
    }
