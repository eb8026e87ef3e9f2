"""What a release holds, read from one database snapshot: whatever happens meanwhile, all rows are of one moment.

A connection of its own, because the transaction is read-only while the job's progress is written on the usual one.
ROIs come through a server-side cursor, ratings batch by batch, so memory does not grow with the study.
"""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt
from django.db import connection
from django.db.backends.utils import CursorWrapper

from roiqa.consensus.rules.screening import golds_failed
from roiqa.core.scales import SCALES
from roiqa.ratings.checks import Tally, passes_gold
from roiqa.ratings.models import RatingStatus
from roiqa.releases.accepted_votes import AcceptedVotes, gather
from roiqa.releases.collection import summarize
from roiqa.studies.models import SuggestionMode

BATCH_ROIS = 1_000
_BATCH_VOTES = 20_000
# What of the protocol decides how the votes came about.
PROTOCOL = (
    "raters_per_roi", "ask_extra_on_tie", "adaptive_votes", "most_votes", "half_width", "ask_on_near_ties",
    "suggestion_mode", "blind_percent", "wrong_percent", "gold_every", "repeat_every", "warm_up_rois",
    "break_after_minutes", "break_after_rois",
)  # fmt: skip

# A ROI whose label is due has ratings that no label counts yet: it waits for the next release.
_COMPLETE = """
FROM studies_studyroi r JOIN consensus_consensus c ON c.study_roi_id = r.id
WHERE r.study_id = %(study)s AND r.n_accepted >= r.raters_wanted AND NOT r.consensus_due AND NOT r.is_gold
"""
_STUDY = f"""
SELECT slug, title, description, simulated, ruleset, {", ".join(PROTOCOL)}
FROM studies_study WHERE id = %(study)s
"""  # noqa: S608
_TOTALS = f"""
SELECT (SELECT count(*) FROM studies_studyroi WHERE study_id = %(study)s AND NOT is_gold),
  (SELECT count(*) FROM studies_studyroi
   WHERE study_id = %(study)s AND consensus_due AND n_accepted >= raters_wanted),
  count(*), count(DISTINCT image_id), coalesce(sum(n), 0)
FROM (SELECT r.image_id, c.n {_COMPLETE}) AS complete
"""  # noqa: S608  (no input but this module's own text)
# A membership tells whose votes are left out now; the rating itself never changes.
_OF_MEMBERS = """
FROM ratings_rating v
JOIN studies_membership m ON m.study_id = v.study_id AND m.user_id = v.annotator_id AND m.role = 'annotator'
"""
_ACCEPTED = f"""
WHERE v.study_id = %(study)s AND v.is_current AND v.status = 'accepted'
  AND v.study_roi_id IN (SELECT r.id {_COMPLETE})
"""
_ANNOTATORS = f"""
SELECT count(DISTINCT v.annotator_id) FILTER (WHERE m.excluded_at IS NULL),
  -- Of the whole study: ROIs that lack raters because somebody was excluded are not in the release.
  (SELECT count(*) FROM studies_membership x
   WHERE x.study_id = %(study)s AND x.role = 'annotator' AND x.excluded_at IS NOT NULL AND EXISTS (
     SELECT 1 FROM ratings_rating y WHERE y.study_id = x.study_id AND y.annotator_id = x.user_id))
{_OF_MEMBERS} {_ACCEPTED}
"""  # noqa: S608
# Of the whole study: answers that are kept and never counted, and how the counted ones were shown.
_KEPT_APART = """
SELECT status, count(*) FROM ratings_rating WHERE study_id = %(study)s AND status <> 'accepted' GROUP BY status
"""
_MODES = f"""
SELECT v.mode, count(*) {_OF_MEMBERS} {_ACCEPTED} AND m.excluded_at IS NULL GROUP BY v.mode
"""
# In the order of _ROIS, annotators by pseudonym: the same study gives the same numbers however its rows got there.
_VOTES = f"""
SELECT v.study_roi_id, dense_rank() OVER (ORDER BY m.pseudonym), (m.excluded_at IS NOT NULL)::int,
  (v.mode = 'prefill')::int, {", ".join(f"v.{scale}" for scale in SCALES)}
{_OF_MEMBERS}
JOIN studies_studyroi o ON o.id = v.study_roi_id
JOIN regions_roi g ON g.id = o.roi_id
JOIN images_image i ON i.id = o.image_id
{_ACCEPTED}
ORDER BY i.sha256 COLLATE "C", g.mask_sha256 COLLATE "C", g.id, m.pseudonym
"""
# Of the annotators whose votes count: who went through what the study asks for beforehand.
_QUALIFICATION = f"""
WITH counted AS (
  SELECT DISTINCT m.id FROM studies_membership m
  JOIN ratings_rating v ON v.study_id = m.study_id AND v.annotator_id = m.user_id
  {_ACCEPTED} AND m.role = 'annotator' AND m.excluded_at IS NULL
)
SELECT q.ask_consent, q.ask_viewing, q.recheck_days, q.ask_training, q.ask_quiz, q.quiz_pass_percent,
  (SELECT count(*) FROM counted c WHERE EXISTS (SELECT 1 FROM studies_consent x WHERE x.membership_id = c.id)),
  (SELECT count(*) FROM counted c
   WHERE EXISTS (SELECT 1 FROM studies_viewingcheck x WHERE x.membership_id = c.id AND x.passed)),
  (SELECT count(*) FROM counted c
   WHERE EXISTS (SELECT 1 FROM studies_qualification x WHERE x.membership_id = c.id AND x.trained_at IS NOT NULL)),
  (SELECT count(*) FROM counted c
   WHERE EXISTS (SELECT 1 FROM studies_qualification x WHERE x.membership_id = c.id AND x.quiz_passed_at IS NOT NULL)),
  (SELECT count(*) FROM studies_trainingitem x WHERE x.study_id = q.study_id AND x.use = 'training'),
  (SELECT count(*) FROM studies_trainingitem x WHERE x.study_id = q.study_id AND x.use = 'quiz'),
  (SELECT count(*) FROM counted c JOIN studies_crowdplace x ON x.membership_id = c.id)
FROM studies_qualificationrules q WHERE q.study_id = %(study)s
"""  # noqa: S608
QUALIFICATION = (
    "ask_consent", "ask_viewing", "recheck_days", "ask_training", "ask_quiz", "quiz_pass_percent",
    "consented", "viewing_checked", "trained", "quiz_passed", "training_items", "quiz_items", "from_crowd",
)  # fmt: skip
_NUMBER = "CASE WHEN jsonb_typeof({0}) = 'number' THEN ({0})::numeric END"
_COLLECTION = f"""
SELECT v.annotator_id, v.created_at::date, {_NUMBER.format("t->'visible_ms'")},
  {_NUMBER.format("t #> '{views,0,dpr}'")}, {_NUMBER.format("t #> '{views,0,width}'")},
  {_NUMBER.format("t #> '{views,0,height}'")}, t #>> '{{screen,gamut}}',
  t #> '{{screen,high_dynamic_range}}' = 'true'::jsonb,
  {", ".join(_NUMBER.format(f"t #> '{{inputs,{hand}}}'") for hand in ("keyboard", "mouse", "touch"))}
FROM (SELECT v.annotator_id, v.created_at, v.telemetry AS t {_OF_MEMBERS} {_ACCEPTED} AND m.excluded_at IS NULL) AS v
"""  # noqa: S608
_GOLDS = f"""
SELECT v.annotator_id, k.accepted, k.recipe, {", ".join(f"v.{scale}" for scale in SCALES)}
{_OF_MEMBERS} JOIN studies_gold k ON k.study_roi_id = v.study_roi_id
WHERE v.study_id = %(study)s AND v.is_current AND v.status = 'gold' AND m.excluded_at IS NULL
"""
_ROIS = f"""
SELECT r.id, g.id, g.level, g.name, g.counts, g.mask_sha256, g.x, g.y, g.w, g.h, g.area, r.ruleset, r.votes,
  i.id, i.sha256, i.split, i.width, i.height, s.file_name, s.source
FROM (SELECT r.id, r.study_id, r.roi_id, r.image_id, c.ruleset, c.votes {_COMPLETE}) AS r
JOIN regions_roi g ON g.id = r.roi_id
JOIN images_image i ON i.id = r.image_id
JOIN studies_studyimage s ON s.study_id = r.study_id AND s.image_id = r.image_id
ORDER BY i.sha256 COLLATE "C", g.mask_sha256 COLLATE "C", g.id
"""  # noqa: S608
_RATINGS = f"""
SELECT v.study_roi_id, m.pseudonym, v.revision, v.status, v.is_current, m.excluded_at IS NOT NULL, v.mode,
  v.bulk_clean, v.simulated, {", ".join(f"v.{scale}" for scale in SCALES)}
{_OF_MEMBERS}
WHERE v.study_roi_id = ANY(%s) ORDER BY v.study_roi_id, m.pseudonym, v.status = 'repeat', v.revision
"""


@dataclass(frozen=True, slots=True)
class StudyRow:
    slug: str
    title: str
    description: str
    simulated: bool
    ruleset: str
    protocol: dict[str, Any]  # the columns of PROTOCOL


@dataclass(frozen=True, slots=True)
class Totals:
    """What the snapshot holds. `unlabelled`: ROIs with all their raters whose label is not made yet."""

    images: int
    rois: int
    ratings: int
    annotators: int
    excluded_annotators: int
    incomplete_rois: int
    unlabelled: int
    kept_apart: dict[str, int]  # ratings of the whole study by status; accepted ones are not among them
    modes: dict[str, int]  # counted ratings by how the form was shown


class RatingRow(NamedTuple):
    """`votes` in the order of SCALES."""

    pseudonym: UUID
    revision: int
    status: str
    is_current: bool
    is_excluded: bool
    mode: str
    bulk_clean: bool
    simulated: bool
    votes: tuple[int, ...]

    @property
    def is_counted(self) -> bool:
        return self.is_current and self.status == "accepted" and not self.is_excluded


class ImageRow(NamedTuple):
    id: UUID
    sha256: str
    split: str
    width: int
    height: int
    file_name: str
    source: str


class ROIRow(NamedTuple):
    """`key` of its StudyROI; `stored_votes`: the 46 counts of its Consensus row; `ratings` by pseudonym and revision."""

    key: int
    id: UUID
    level: str
    name: str
    counts: str
    mask_sha256: str
    bbox: tuple[int, int, int, int]
    area: int
    ruleset: str
    stored_votes: list[int]
    image: ImageRow
    ratings: list[RatingRow]


class Snapshot:
    """One moment of the database, of one study."""

    def __init__(self, database: Any, study_id: int) -> None:
        self._database = database
        self._facts = {"study": study_id}

    def study(self) -> StudyRow:
        slug, title, description, simulated, ruleset, *protocol = self._one_row(_STUDY)
        return StudyRow(slug, title, description, simulated, ruleset, dict(zip(PROTOCOL, protocol, strict=True)))

    def totals(self) -> Totals:
        all_rois, unlabelled, rois, images, ratings = self._one_row(_TOTALS)
        annotators, excluded = self._one_row(_ANNOTATORS)
        return Totals(
            images=images,
            rois=rois,
            ratings=ratings,
            annotators=annotators,
            excluded_annotators=excluded,
            incomplete_rois=all_rois - rois,
            unlabelled=unlabelled,
            kept_apart=self._counts(_KEPT_APART, RatingStatus.values, leaving_out=RatingStatus.ACCEPTED),
            modes=self._counts(_MODES, SuggestionMode.values),
        )

    def votes(self) -> tuple[AcceptedVotes, dict[int, int]]:
        """All accepted votes of the complete ROIs, and the row of each StudyROI id in the order of `roi_batches`."""

        def batches() -> Iterator[npt.NDArray[np.int64]]:
            for rows in self._rows(_VOTES, _BATCH_VOTES):
                yield np.array(rows, dtype=np.int64)

        return gather(batches())

    def collection(self) -> dict[str, Any]:
        """How the counted votes were collected; see `collection.summarize`."""
        return summarize(row for rows in self._rows(_COLLECTION, _BATCH_VOTES) for row in rows)

    def qualification(self) -> dict[str, Any] | None:
        """What annotators had to go through and how many of those who count did; None if the study asks for nothing."""
        with self._cursor() as cursor:
            cursor.execute(_QUALIFICATION, self._facts)
            row = cursor.fetchone()
        return dict(zip(QUALIFICATION, row, strict=True)) if row else None

    def golds(self) -> dict[str, int] | None:
        """How those who count answered ROIs with a known answer, over everybody; None if nobody was given any."""
        tallies: dict[int, Tally] = defaultdict(Tally)
        for rows in self._rows(_GOLDS, _BATCH_VOTES):
            for annotator, accepted, recipe, *levels in rows:
                passed = passes_gold(levels, accepted=json.loads(accepted), recipe=json.loads(recipe))
                tallies[annotator] = tallies[annotator].with_one(passed=passed)
        if not tallies:
            return None
        return {
            "answered": sum(one.answered for one in tallies.values()),
            "passed": sum(one.passed for one in tallies.values()),
            "annotators": len(tallies),
            "failed": sum(bool(golds_failed(answered=one.answered, passed=one.passed)) for one in tallies.values()),
        }

    def _rows(self, query: str, size: int) -> Iterator[list[tuple[Any, ...]]]:
        with self._database.chunked_cursor() as cursor:
            cursor.execute(query, self._facts)
            while rows := cursor.fetchmany(size):
                yield rows

    def _counts(self, query: str, names: list[str], *, leaving_out: str | None = None) -> dict[str, int]:
        with self._cursor() as cursor:
            cursor.execute(query, self._facts)
            found = dict(cursor.fetchall())
        return {name: found.get(name, 0) for name in names if name != leaving_out}

    def roi_batches(self) -> Iterator[list[ROIRow]]:
        """The complete, labelled ROIs by (image sha256, mask sha256, id), at most BATCH_ROIS at a time."""
        for rows in self._rows(_ROIS, BATCH_ROIS):
            ratings = self._ratings_of([row[0] for row in rows])
            yield [_roi_row(row, ratings[row[0]]) for row in rows]

    def _ratings_of(self, study_rois: list[int]) -> dict[int, list[RatingRow]]:
        found: dict[int, list[RatingRow]] = defaultdict(list)
        with self._cursor() as cursor:
            cursor.execute(_RATINGS, [study_rois])
            for study_roi, rows in groupby(cursor.fetchall(), key=lambda row: row[0]):
                found[study_roi] = [RatingRow._make((*row[1:9], row[9:])) for row in rows]
        return found

    def _one_row(self, query: str) -> tuple[Any, ...]:
        with self._cursor() as cursor:
            cursor.execute(query, self._facts)
            row: tuple[Any, ...] = cursor.fetchone()
        return row

    def _cursor(self) -> CursorWrapper:
        cursor: CursorWrapper = self._database.cursor()
        return cursor


@contextmanager
def snapshot_of(*, study_id: int) -> Iterator[Snapshot]:
    """A repeatable-read, read-only transaction on a connection of its own."""
    database = connection.copy()
    try:
        database.connect()
        database.set_autocommit(False)
        with database.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield Snapshot(database, study_id)
        database.rollback()
    finally:
        database.close()


def _roi_row(row: tuple[Any, ...], ratings: list[RatingRow]) -> ROIRow:
    key, roi, level, name, counts, mask_sha256, x, y, w, h, area, ruleset, votes, *image = row
    return ROIRow(
        key=key,
        id=roi,
        level=level,
        name=name,
        counts=counts,
        mask_sha256=mask_sha256,
        bbox=(x, y, w, h),
        area=area,
        ruleset=ruleset,
        stored_votes=votes,
        image=ImageRow(*image),
        ratings=ratings,
    )
