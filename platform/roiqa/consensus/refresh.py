"""Bringing labels up to date: batches of ROIs whose counted ratings changed, never a loop over the study.

`StudyROI.consensus_due` says which. The worker drains them every few seconds; whoever is about to read labels
(progress page, freeze) drains them first, so labels are exact when read even with no worker running.
"""

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction
from django.utils import timezone

from roiqa.consensus.rules.labels import LabelTable, label_rois
from roiqa.consensus.rules.rulesets import ruleset_named
from roiqa.consensus.rules.votes import VoteHistograms, count_votes
from roiqa.consensus.stopping import ask_for_more
from roiqa.studies.models import Study

BATCH_ROIS = 10_000
# The tie rule stops asking here, so that a study of stubborn ties ends.
MAX_RATERS = 15

_TAKE_DUE = """
SELECT id FROM studies_studyroi WHERE study_id = %s AND consensus_due
ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
_COUNTED_RATINGS = """
SELECT v.study_roi_id, v.exposure, v.noise, v.blur, v.contrast, v.colorfulness, v.compression, v.quality, v.importance,
  (v.mode = 'prefill')::int
FROM ratings_rating v
WHERE v.study_roi_id = ANY(%s) AND v.is_current AND v.status = 'accepted'
  AND NOT EXISTS (
    SELECT 1 FROM studies_membership m
    WHERE m.study_id = v.study_id AND m.user_id = v.annotator_id AND m.role = 'annotator' AND m.excluded_at IS NOT NULL)
"""
_STORE = """
INSERT INTO consensus_consensus
  (study_roi_id, ruleset, n, votes, levels, is_clean, contested_clean, tie, computed_at)
SELECT roi, %s, n, votes::smallint[], levels::smallint[], is_clean, contested, tie, %s
FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::text[], %s::bool[], %s::bool[], %s::bool[])
  AS fresh (roi, n, votes, levels, is_clean, contested, tie)
ON CONFLICT (study_roi_id) DO UPDATE SET
  ruleset = excluded.ruleset, n = excluded.n, votes = excluded.votes, levels = excluded.levels,
  is_clean = excluded.is_clean, contested_clean = excluded.contested_clean, tie = excluded.tie,
  computed_at = excluded.computed_at
"""
_ASK_FOR_ONE_MORE = """
UPDATE studies_studyroi SET raters_wanted = raters_wanted + 1
WHERE id = ANY(%s) AND slots_left = 0 AND n_accepted = raters_wanted AND raters_wanted < %s AND NOT is_gold
"""


def refresh_study(*, study: Study) -> int:
    """Recompute the labels of every due ROI of the study; answers how many ROIs."""
    refreshed = 0
    while batch := _refresh_batch(study=study):
        refreshed += batch
    return refreshed


def refresh_all() -> int:
    """The same for every study that has due ROIs."""
    studies = Study.objects.filter(study_rois__consensus_due=True).distinct()
    return sum(refresh_study(study=study) for study in studies)


@transaction.atomic
def _refresh_batch(*, study: Study) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE_DUE, [study.pk, BATCH_ROIS])
        rois = np.array([row[0] for row in cursor.fetchall()], dtype=np.int64)
        if not len(rois):
            return 0
        cursor.execute(_COUNTED_RATINGS, [rois.tolist()])
        ratings = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 10)
        histograms = _counted(rois, ratings)
        table = label_rois(histograms, ruleset_named(study.ruleset))
        labelled = rois[table.roi]
        cursor.execute(_STORE, [study.ruleset, timezone.now(), *_columns(histograms, table, labelled)])
        unlabelled = np.setdiff1d(rois, labelled, assume_unique=True)
        if len(unlabelled):
            cursor.execute("DELETE FROM consensus_consensus WHERE study_roi_id = ANY(%s)", [unlabelled.tolist()])
        if study.ask_extra_on_tie:
            cursor.execute(_ASK_FOR_ONE_MORE, [labelled[table.tie].tolist(), MAX_RATERS])
        if study.adaptive_votes:
            blind = _counted(rois, ratings[ratings[:, 9] == 0])
            ask_for_more(study=study, rois=rois, blind=blind, others=histograms.n - blind.n)
        cursor.execute("UPDATE studies_studyroi SET consensus_due = false WHERE id = ANY(%s)", [rois.tolist()])
    return len(rois)


def _counted(rois: npt.NDArray[np.int64], ratings: npt.NDArray[np.int64]) -> VoteHistograms:
    """Histograms of these rows of _COUNTED_RATINGS, one for each of `rois` (sorted)."""
    return count_votes(
        roi=np.searchsorted(rois, ratings[:, 0]),
        severities=ratings[:, 1:7],
        quality=ratings[:, 7],
        importance=ratings[:, 8],
        roi_count=len(rois),
    )


def _columns(histograms: VoteHistograms, table: LabelTable, labelled: npt.NDArray[np.int64]) -> list[list[object]]:
    """The parameters of _STORE: one list per column, arrays as PostgreSQL literals."""
    rows = table.roi
    votes = np.concatenate(
        [histograms.severity[rows].reshape(len(rows), -1), histograms.quality[rows], histograms.importance[rows]],
        axis=1,
    )
    levels = np.concatenate(
        [table.distortions.level, table.quality.level[:, None], table.importance.level[:, None]], axis=1
    )
    return [
        labelled.tolist(),
        table.n.tolist(),
        [_literal(row) for row in votes.tolist()],
        [_literal(row) for row in levels.tolist()],
        table.clean.tolist(),
        table.contested_clean.tolist(),
        table.tie.tolist(),
    ]


def _literal(numbers: list[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"
