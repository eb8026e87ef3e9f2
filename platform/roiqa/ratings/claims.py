"""The claim: which ROI does this annotator get next?

The database settles every race. A claim takes the annotator's Membership row (so that one person's requests happen
one by one), then one StudyROI row with a free slot, then writes the Assignment, the order of locks of this room.

Order: every StudyROI has a uniform random `shuffle_key`. The n-th claim of an annotator starts at the point
`walk_point(order_seed, n)` and takes the first open ROI at or after it (wrapping round) that this annotator has not
had. One index range scan, independent of the study's size, random per annotator, and reproducible from the seed.
"""

import hashlib
import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import rows
from roiqa.images.models import Image
from roiqa.ratings.assignments import locked_membership, own_assignment
from roiqa.ratings.errors import AnnotatorExcluded, EnoughClaimed, StudyNotOpen
from roiqa.ratings.leases import expire_leases
from roiqa.ratings.models import Assignment, AssignmentState
from roiqa.regions.models import ROI
from roiqa.studies.models import Membership, Study, StudyROI, StudyState

# The ROI on screen and the one being prefetched.
MAX_ACTIVE = 2

# OFFSET 0 keeps PostgreSQL from turning NOT EXISTS into a join: with statistics older than this annotator's work it
# would read everything the annotator ever did, for every candidate, instead of asking one unique index.
_NEXT_OPEN_ROI = """
SELECT r.id, r.image_id
FROM studies_studyroi r
WHERE r.study_id = %(study)s AND r.slots_left > 0
  AND r.shuffle_key >= %(low)s AND r.shuffle_key < %(high)s
  {other_image}
  AND NOT EXISTS (
    SELECT 1 FROM ratings_assignment a
    WHERE a.study_roi_id = r.id AND a.annotator_id = %(annotator)s AND a.state <> 'expired' OFFSET 0)
ORDER BY r.shuffle_key
LIMIT 1 {lock}
"""
_ACTIVE = """
SELECT id FROM ratings_assignment WHERE study_id = %s AND annotator_id = %s AND state = 'active' ORDER BY position
"""
# The pair's row may be there already: a claim of this same annotator that ran out.
_WRITE_CLAIM = f"""
WITH seat AS (
  UPDATE studies_membership SET claims_made = %(position)s, last_image_id = %(image)s WHERE id = %(membership)s
), slot AS (
  UPDATE studies_studyroi SET n_active = n_active + 1 WHERE id = %(study_roi)s RETURNING *
), claim AS (
  INSERT INTO ratings_assignment (id, study_id, study_roi_id, annotator_id, state, holds_slot, claimed_at, position,
    lease_expires_at, skip_reason, skip_note, draft_revision, reopened)
  VALUES (%(id)s, %(study)s, %(study_roi)s, %(annotator)s, 'active', true, %(now)s, %(position)s,
    %(lease_expires_at)s, '', '', 0, false)
  ON CONFLICT (study_roi_id, annotator_id) DO UPDATE SET state = excluded.state, holds_slot = excluded.holds_slot,
    claimed_at = excluded.claimed_at, position = excluded.position, lease_expires_at = excluded.lease_expires_at
  RETURNING *
)
SELECT {rows.columns(Assignment, "claim")}, {rows.columns(StudyROI, "slot")}, {rows.columns(ROI, "roi")},
  {rows.columns(Image, "image")}
FROM claim, slot, regions_roi roi, images_image image WHERE roi.id = slot.roi_id AND image.id = slot.image_id
"""  # noqa: S608  (made of column names)


def walk_point(order_seed: int, claim_number: int) -> int:
    """Where the annotator's claim starts: uniform over the shuffle keys, fixed by seed and claim number."""
    digest = hashlib.blake2b(f"{order_seed}:{claim_number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % StudyROI.SHUFFLE_KEYS


@transaction.atomic
def claim_next(*, user: User, slug: str, holding: Collection[UUID] = ()) -> tuple[Assignment | None, bool]:
    """The annotator's next assignment with its ROI and image, and whether it is a new claim.

    (None, False) when nothing is left for them.

    `holding` names the assignments that the page shows already. An active assignment not among them (a reload, a
    second tab) is given again with a fresh lease before anything new is claimed.
    Raises StudyNotOpen, AnnotatorExcluded, EnoughClaimed, NotFound, NotAllowed.
    """
    membership = locked_membership(user=user, slug=slug)
    study = membership.study
    if membership.excluded_at is not None:
        raise AnnotatorExcluded(slug)
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE, [study.pk, user.pk])
        active = [row[0] for row in cursor.fetchall()]
    lease_expires_at = timezone.now() + timedelta(minutes=study.lease_minutes)
    for assignment_id in active:
        still_active = Assignment.objects.filter(pk=assignment_id, state=AssignmentState.ACTIVE)
        if assignment_id not in holding and still_active.update(lease_expires_at=lease_expires_at):
            return own_assignment(user=user, assignment_id=assignment_id), False
    if study.state != StudyState.OPEN:
        raise StudyNotOpen(slug, study.state)
    if len(active) >= MAX_ACTIVE:
        raise EnoughClaimed(len(active))
    study_roi_id, image_id = _take_slot(study=study, membership=membership)
    if study_roi_id is None and expire_leases(study_id=study.pk):
        # Nobody has swept for a while: what ran out is open again.
        study_roi_id, image_id = _take_slot(study=study, membership=membership)
    if study_roi_id is None:
        return None, False
    claim: dict[str, Any] = {
        "id": uuid.uuid4(),
        "membership": membership.pk,
        "study": study.pk,
        "study_roi": study_roi_id,
        "image": image_id,
        "annotator": user.pk,
        "position": membership.claims_made + 1,
        "now": timezone.now(),
        "lease_expires_at": lease_expires_at,
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_CLAIM, claim)
        assignment, study_roi, study_roi.roi, study_roi.image = rows.instances(
            cursor.fetchone(), Assignment, StudyROI, ROI, Image
        )
    assignment.study, assignment.study_roi = study, study_roi
    return assignment, True


def _take_slot(*, study: Study, membership: Membership) -> tuple[int | None, UUID | None]:
    """Lock the next open ROI of this annotator's walk; answers (StudyROI id, image id) or (None, None).

    First without waiting for rows that another claim holds. If that finds nothing though something is left, once more
    waiting for them: a locked row may well keep a free slot. The image shown last comes only when no other image has
    anything left.
    """
    start = walk_point(membership.order_seed, membership.claims_made)
    facts = {"study": study.pk, "annotator": membership.user_id, "last_image": membership.last_image_id}
    avoid_last = "AND r.image_id <> %(last_image)s" if membership.last_image_id else ""

    def first(other_image: str, lock: str) -> tuple[int, UUID] | None:
        statement = _NEXT_OPEN_ROI.format(other_image=other_image, lock=lock)
        with connection.cursor() as cursor:
            for low, high in ((start, StudyROI.SHUFFLE_KEYS), (0, start)):
                cursor.execute(statement, facts | {"low": low, "high": high})
                row: tuple[int, UUID] | None = cursor.fetchone()
                if row is not None:
                    return row
        return None

    wait, skip = "FOR NO KEY UPDATE OF r", "FOR NO KEY UPDATE OF r SKIP LOCKED"
    found = first(avoid_last, skip)
    if found is None and first("", ""):
        found = first(avoid_last, wait) or first("", wait)
    return found or (None, None)
