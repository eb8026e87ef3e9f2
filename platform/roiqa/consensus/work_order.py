"""Keeping StudyROI.priority in step with the promoted model, where the study lets a model have a say in the order.

Off by default. The test part keeps priority 0: which of its ROIs comes first is chance alone.
"""

import numpy as np
from django.core.cache import cache
from django.db import connection, transaction
from django.db.models import Count, Max

from roiqa.consensus.rules.ordering import priorities
from roiqa.registry.selectors import shown_suggestions
from roiqa.studies.models import Study

# What follows from the same suggestions is not computed again; now and then it is, whatever happened to the cache.
REMEMBERED_SECONDS = 3600

_STORE = """
WITH wanted AS (
  SELECT r.id, coalesce(fresh.priority, 0) AS priority
  FROM studies_studyroi r
  LEFT JOIN unnest(%(rois)s::bigint[], %(priorities)s::float8[]) AS fresh (roi, priority) ON fresh.roi = r.id
  WHERE r.study_id = %(study)s
), locked AS (
  SELECT r.id, wanted.priority FROM studies_studyroi r JOIN wanted ON wanted.id = r.id
  WHERE r.priority <> wanted.priority ORDER BY r.id FOR NO KEY UPDATE OF r
)
UPDATE studies_studyroi r SET priority = locked.priority FROM locked WHERE r.id = locked.id
"""


def refresh_all() -> int:
    """Bring the priorities of every study that wants them up to date; answers on how many ROIs they changed."""
    return sum(refresh(study=study) for study in Study.objects.filter(order_by_model=True))


def refresh(*, study: Study) -> int:
    """The same for one study. Shown suggestions only: no test image, no gold, nothing that the model was trained on."""
    shown = shown_suggestions().select_related(None).filter(study_roi__study=study)
    facts = shown.aggregate(count=Count("pk"), newest=Max("created_at"), model=Max("model__number"))
    key, digest = f"work-order-{study.pk}", repr(sorted(facts.items()))
    if cache.get(key) == digest:
        return 0
    rows = list(shown.order_by("study_roi").values_list("study_roi", "uncertainty", "levels"))
    found = priorities(
        uncertainty=np.array([row[1] for row in rows], dtype=np.float64),
        levels=np.array([row[2] for row in rows], dtype=np.int64).reshape(-1, 8),
    )
    with transaction.atomic(), connection.cursor() as cursor:
        wanted = {"study": study.pk, "rois": [row[0] for row in rows], "priorities": found.round(6).tolist()}
        cursor.execute(_STORE, wanted)
        changed = int(cursor.rowcount)
    cache.set(key, digest, REMEMBERED_SECONDS)
    return changed
