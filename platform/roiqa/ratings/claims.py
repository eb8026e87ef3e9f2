"""The claim: which ROI does this annotator get next?

The database settles every race. A claim takes the annotator's Membership row (so that one person's requests happen
one by one), then one StudyROI row with a free slot (see `walk`; golds and repeats, which hold none, come from `purposes`),
then writes the Assignment: the order of locks of this room.
"""

import uuid
from collections.abc import Collection
from datetime import timedelta
from math import ceil
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import rows
from roiqa.images.models import Image
from roiqa.ratings.assignments import locked_seat, own_assignment
from roiqa.ratings.errors import AnnotatorExcluded, BreakDue, EnoughClaimed, StudyNotOpen
from roiqa.ratings.leases import expire_leases
from roiqa.ratings.models import Assignment, AssignmentState
from roiqa.ratings.purposes import next_place
from roiqa.ratings.sessions import session_of
from roiqa.ratings.suggested import shown_at_claim
from roiqa.regions.models import ROI
from roiqa.studies.models import Study, StudyROI, StudyState
from roiqa.studies.qualification import require_qualified

# The ROI on screen and the one being prefetched.
MAX_ACTIVE = 2

_ACTIVE = """
SELECT id FROM ratings_assignment WHERE study_id = %s AND annotator_id = %s AND state = 'active' ORDER BY position
"""
# The pair's row may be there already: a claim of this same annotator that ran out. How its form is shown stays as it was
# drawn then: who has seen the model's levels is not blind, and nobody draws anew by giving back.
_WRITE_CLAIM = f"""
WITH seat AS (
  UPDATE studies_membership SET claims_made = %(position)s, last_image_id = %(image)s, last_claim_at = %(now)s,
    session_started_at = %(session_started_at)s, session_rois = %(session_rois)s WHERE id = %(membership)s
), slot AS (
  UPDATE studies_studyroi SET n_active = n_active + %(takes_slot)s::int WHERE id = %(study_roi)s RETURNING *
), claim AS (
  INSERT INTO ratings_assignment (id, study_id, study_roi_id, annotator_id, state, holds_slot, claimed_at, position,
    lease_expires_at, skip_reason, skip_note, draft_revision, reopened, purpose, selection_probability, mode, suggestion_id, shown, shown_at)
  VALUES (%(id)s, %(study)s, %(study_roi)s, %(annotator)s, 'active', %(takes_slot)s, %(now)s, %(position)s,
    %(lease_expires_at)s, '', '', 0, false, %(purpose)s, %(probability)s, %(mode)s, %(suggestion)s, %(shown)s::jsonb, %(shown_at)s)
  ON CONFLICT (study_roi_id, annotator_id, is_repeat) DO UPDATE SET state = excluded.state, holds_slot = excluded.holds_slot,
    claimed_at = excluded.claimed_at, position = excluded.position, lease_expires_at = excluded.lease_expires_at,
    purpose = excluded.purpose, selection_probability = excluded.selection_probability
  RETURNING *
)
SELECT {rows.columns(Assignment, "claim")}, {rows.columns(StudyROI, "slot")}, {rows.columns(ROI, "roi")},
  {rows.columns(Image, "image")}
FROM claim, slot, regions_roi roi, images_image image WHERE roi.id = slot.roi_id AND image.id = slot.image_id
"""  # noqa: S608  (made of column names)


def claim_next(
    *, user: User, slug: str, holding: Collection[UUID] = (), viewing_check: UUID | None = None
) -> tuple[Assignment | None, bool]:
    """The annotator's next assignment with its ROI and image, and whether it is a new claim.

    (None, False) when nothing is left for them.
    `holding` names the assignments that the page shows already. An active assignment not among them (a reload, a
    second tab) is given again with a fresh lease before anything new is claimed. `viewing_check` is the one made on
    the screen that the page is on.
    Raises StudyNotOpen, AnnotatorExcluded, EnoughClaimed, BreakDue, QualificationRequired, NotFound, NotAllowed.
    """
    claimed, new = _claim(user=user, slug=slug, holding=holding, viewing_check=viewing_check)
    # When nobody has swept for a while, what ran out is open again. The sweep locks many ROIs: a transaction of its own.
    if claimed is None and expire_leases(study_id=Study.objects.values_list("pk", flat=True).get(slug=slug)):
        return _claim(user=user, slug=slug, holding=holding, viewing_check=viewing_check)
    return claimed, new


@transaction.atomic
def _claim(
    *, user: User, slug: str, holding: Collection[UUID], viewing_check: UUID | None
) -> tuple[Assignment | None, bool]:
    seat = locked_seat(user=user, slug=slug)
    membership, study = seat.membership, seat.membership.study
    if membership.excluded_at is not None:
        raise AnnotatorExcluded(slug)
    if study.state == StudyState.OPEN:
        require_qualified(membership=membership, viewing_check=viewing_check)
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE, [study.pk, user.pk])
        active = [row[0] for row in cursor.fetchall()]
    now = timezone.now()
    lease_expires_at = now + timedelta(minutes=study.lease_minutes)
    for assignment_id in active:
        still_active = Assignment.objects.filter(pk=assignment_id, state=AssignmentState.ACTIVE)
        if assignment_id not in holding and still_active.update(lease_expires_at=lease_expires_at):
            return own_assignment(user=user, assignment_id=assignment_id), False
    if study.state != StudyState.OPEN:
        raise StudyNotOpen(slug, study.state)
    if len(active) >= MAX_ACTIVE:
        raise EnoughClaimed(len(active))
    session = session_of(membership, now=now)
    place = next_place(membership, session)
    if place is None:
        return None, False
    # Only when something is left: nobody should rest for nothing. The transaction gives the place back.
    if session.rest_until is not None:
        raise BreakDue(session.rest_until, seconds=ceil((session.rest_until - now).total_seconds()))
    claim: dict[str, Any] = {
        "id": uuid.uuid4(),
        "membership": membership.pk,
        "study": study.pk,
        "study_roi": place.study_roi_id,
        "image": place.image_id,
        "purpose": place.purpose.value,
        "probability": place.probability,
        "takes_slot": place.takes_slot,
        "annotator": user.pk,
        "position": membership.claims_made + 1,
        "now": now,
        "session_started_at": session.started_at,
        "session_rois": session.rois + 1,
        "lease_expires_at": lease_expires_at,
        **shown_at_claim(seat, study_roi_id=place.study_roi_id, purpose=place.purpose),
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE_CLAIM, claim)
        assignment, study_roi, study_roi.roi, study_roi.image = rows.instances(
            cursor.fetchone(), Assignment, StudyROI, ROI, Image
        )
    assignment.study, assignment.study_roi = study, study_roi
    return assignment, True
