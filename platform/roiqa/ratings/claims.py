"""The claim: which ROI does this annotator get next?

The database settles every race. A claim takes the annotator's Membership row (so that one person's requests happen
one by one), then one StudyROI row with a free slot (see `walk`), then writes the Assignment: the order of locks of this
room.
"""

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
from roiqa.ratings.assignments import locked_seat, own_assignment
from roiqa.ratings.errors import AnnotatorExcluded, EnoughClaimed, StudyNotOpen
from roiqa.ratings.leases import expire_leases
from roiqa.ratings.models import Assignment, AssignmentState
from roiqa.ratings.suggested import shown_at_claim
from roiqa.ratings.walk import take_slot
from roiqa.regions.models import ROI
from roiqa.studies.models import Study, StudyROI, StudyState

# The ROI on screen and the one being prefetched.
MAX_ACTIVE = 2

_ACTIVE = """
SELECT id FROM ratings_assignment WHERE study_id = %s AND annotator_id = %s AND state = 'active' ORDER BY position
"""
# The pair's row may be there already: a claim of this same annotator that ran out. How its form is shown stays as it was
# drawn then: who has seen the model's levels is not blind, and nobody draws anew by giving back.
_WRITE_CLAIM = f"""
WITH seat AS (
  UPDATE studies_membership SET claims_made = %(position)s, last_image_id = %(image)s WHERE id = %(membership)s
), slot AS (
  UPDATE studies_studyroi SET n_active = n_active + 1 WHERE id = %(study_roi)s RETURNING *
), claim AS (
  INSERT INTO ratings_assignment (id, study_id, study_roi_id, annotator_id, state, holds_slot, claimed_at, position,
    lease_expires_at, skip_reason, skip_note, draft_revision, reopened, mode, suggestion_id, shown, shown_at)
  VALUES (%(id)s, %(study)s, %(study_roi)s, %(annotator)s, 'active', true, %(now)s, %(position)s,
    %(lease_expires_at)s, '', '', 0, false, %(mode)s, %(suggestion)s, %(shown)s::jsonb, %(shown_at)s)
  ON CONFLICT (study_roi_id, annotator_id, is_repeat) DO UPDATE SET state = excluded.state, holds_slot = excluded.holds_slot,
    claimed_at = excluded.claimed_at, position = excluded.position, lease_expires_at = excluded.lease_expires_at
  RETURNING *
)
SELECT {rows.columns(Assignment, "claim")}, {rows.columns(StudyROI, "slot")}, {rows.columns(ROI, "roi")},
  {rows.columns(Image, "image")}
FROM claim, slot, regions_roi roi, images_image image WHERE roi.id = slot.roi_id AND image.id = slot.image_id
"""  # noqa: S608  (made of column names)


def claim_next(*, user: User, slug: str, holding: Collection[UUID] = ()) -> tuple[Assignment | None, bool]:
    """The annotator's next assignment with its ROI and image, and whether it is a new claim.

    (None, False) when nothing is left for them.
    `holding` names the assignments that the page shows already. An active assignment not among them (a reload, a
    second tab) is given again with a fresh lease before anything new is claimed.
    Raises StudyNotOpen, AnnotatorExcluded, EnoughClaimed, NotFound, NotAllowed.
    """
    claimed, new = _claim(user=user, slug=slug, holding=holding)
    # When nobody has swept for a while, what ran out is open again. The sweep locks many ROIs: a transaction of its own.
    if claimed is None and expire_leases(study_id=Study.objects.values_list("pk", flat=True).get(slug=slug)):
        return _claim(user=user, slug=slug, holding=holding)
    return claimed, new


@transaction.atomic
def _claim(*, user: User, slug: str, holding: Collection[UUID]) -> tuple[Assignment | None, bool]:
    seat = locked_seat(user=user, slug=slug)
    membership, study = seat.membership, seat.membership.study
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
    study_roi_id, image_id = take_slot(membership)
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
        **shown_at_claim(seat, study_roi_id=study_roi_id),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_CLAIM, claim)
        assignment, study_roi, study_roi.roi, study_roi.image = rows.instances(
            cursor.fetchone(), Assignment, StudyROI, ROI, Image
        )
    assignment.study, assignment.study_roi = study, study_roi
    return assignment, True
