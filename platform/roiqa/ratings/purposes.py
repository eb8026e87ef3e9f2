"""Why the next ROI is given out: for its label, as a gold, as a repeat, or to warm up.

Golds and repeats come at a set density: one claim of every `gold_every` (`repeat_every`), at a place in each such block
that the annotator's seed decides, so that nobody can count them off. When one is due and there is none that this annotator
may get, the claim is an ordinary one. Nothing that an annotator receives tells them apart.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection

from roiqa.ratings.models import Purpose, RatingStatus
from roiqa.ratings.priority_draw import take_by_priority
from roiqa.ratings.sessions import Session
from roiqa.ratings.walk import take_slot
from roiqa.studies.models import Membership

# Answers that are kept and never counted; whatever else is answered may become part of a label.
KEPT_APART: Final[Mapping[str, RatingStatus]] = {
    Purpose.GOLD: RatingStatus.GOLD,
    Purpose.REPEAT: RatingStatus.REPEAT,
    Purpose.WARM_UP: RatingStatus.WARM_UP,
}
# An ROI comes back only after so many others, and among the last so many before these.
REPEAT_AFTER: Final = 20
REPEAT_AMONG: Final = 300

# A gold that was made shows its source's image: it must not follow it, nor the source the gold.
_NEXT_GOLD = """
SELECT r.id, coalesce(source.id, r.image_id)
FROM studies_studyroi r
JOIN studies_gold g ON g.study_roi_id = r.id
LEFT JOIN images_image source ON source.id = (g.recipe->>'source_image')::uuid
WHERE r.study_id = %(study)s AND r.is_gold AND g.retired_at IS NULL
  AND r.image_id IS DISTINCT FROM %(last_image)s AND (source.id IS NULL OR source.id IS DISTINCT FROM %(last_image)s)
  AND NOT EXISTS (
    SELECT 1 FROM ratings_assignment a
    WHERE a.study_roi_id = r.id AND a.annotator_id = %(annotator)s AND a.state <> 'expired')
ORDER BY md5(%(seed)s || ':' || r.id) LIMIT 1
"""
_NEXT_REPEAT = """
SELECT r.id, r.image_id
FROM (
  SELECT id, study_roi_id, purpose, state FROM ratings_assignment
  WHERE study_id = %(study)s AND annotator_id = %(annotator)s AND finished_at IS NOT NULL
  ORDER BY finished_at DESC OFFSET %(after)s LIMIT %(among)s
) past
JOIN studies_studyroi r ON r.id = past.study_roi_id
WHERE past.purpose = 'label' AND past.state = 'submitted' AND NOT r.is_gold
  AND r.image_id IS DISTINCT FROM %(last_image)s
  AND NOT EXISTS (
    SELECT 1 FROM ratings_assignment again
    WHERE again.study_roi_id = r.id AND again.annotator_id = %(annotator)s AND again.is_repeat
      AND again.state <> 'expired')
ORDER BY md5(%(seed)s || ':' || r.id) LIMIT 1
"""
# Are there annotators enough besides this one who have not had the ROI, to fill what is left of it?
_CAN_SPARE = """
SELECT (SELECT count(*) FROM studies_membership m
        WHERE m.study_id = r.study_id AND m.role = 'annotator' AND m.excluded_at IS NULL AND m.user_id <> %(annotator)s
          AND NOT EXISTS (
            SELECT 1 FROM ratings_assignment a
            WHERE a.study_roi_id = r.id AND a.annotator_id = m.user_id AND a.state <> 'expired')) >= r.slots_left
FROM studies_studyroi r WHERE r.id = %(study_roi)s
"""


@dataclass(frozen=True, slots=True)
class Place:
    """What is given out next. `image_id` is what the annotator will have seen: for a gold the image it was made from."""

    study_roi_id: int
    image_id: UUID
    purpose: Purpose
    # How likely this ROI was to be drawn, where a model has a say.
    probability: float | None = None

    @property
    def takes_slot(self) -> bool:
        return self.purpose == Purpose.LABEL


def next_place(membership: Membership, session: Session) -> Place | None:
    """The annotator's next ROI, locked if it comes from the walk; None when nothing is left. Needs a transaction."""
    study = membership.study
    warms_up = session.rois < study.warm_up_rois
    if not warms_up:
        place = _check_due(membership)
        if place is not None:
            return place
    drawn = take_by_priority(membership) if study.order_by_model else None
    study_roi_id, image_id, probability = drawn or (*take_slot(membership), None)
    if study_roi_id is None or image_id is None:
        return None
    if warms_up and _can_be_spared(membership, study_roi_id):
        return Place(study_roi_id, image_id, Purpose.WARM_UP, probability)
    return Place(study_roi_id, image_id, Purpose.LABEL, probability)


def is_due(*, every: int, order_seed: int, claim_number: int, what: str) -> bool:
    """Is the annotator's n-th claim (from 1) the one of its block of `every` that is a gold, or a repeat?"""
    if every < 1:
        return False
    block, place = divmod(claim_number - 1, every)
    digest = hashlib.blake2b(f"{order_seed}:{what}:{block}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % every == place


def _check_due(membership: Membership) -> Place | None:
    """The gold or repeat that this claim is, if it is one and there is one."""
    study, number = membership.study, membership.claims_made + 1

    def gold_due(claim: int) -> bool:
        return is_due(every=study.gold_every, order_seed=membership.order_seed, claim_number=claim, what="gold")

    def repeat_due(claim: int) -> bool:
        return is_due(every=study.repeat_every, order_seed=membership.order_seed, claim_number=claim, what="repeat")

    if gold_due(number):
        return _first(_NEXT_GOLD, membership, Purpose.GOLD)
    # A repeat that falls on a gold's place comes after it, and after the golds that follow without a gap.
    place = number
    while place > 1 and not repeat_due(place) and gold_due(place - 1):
        place -= 1
    return _first(_NEXT_REPEAT, membership, Purpose.REPEAT) if repeat_due(place) else None


def _first(statement: str, membership: Membership, purpose: Purpose) -> Place | None:
    facts = {
        "study": membership.study_id,
        "annotator": membership.user_id,
        "last_image": membership.last_image_id,
        "seed": str(membership.order_seed),
        "after": REPEAT_AFTER,
        "among": REPEAT_AMONG,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        row: tuple[int, UUID] | None = cursor.fetchone()
    return Place(row[0], row[1], purpose) if row else None


def _can_be_spared(membership: Membership, study_roi_id: int) -> bool:
    """A warm-up uses an ROI up for its annotator, so it gives way where every annotator left is needed for the label."""
    with connection.cursor() as cursor:
        cursor.execute(_CAN_SPARE, {"annotator": membership.user_id, "study_roi": study_roi_id})
        spare: bool = cursor.fetchone()[0]
    return spare
