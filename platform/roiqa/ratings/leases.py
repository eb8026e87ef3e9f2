"""Leases: a claim that is not renewed gives its slot back."""

from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.ratings.errors import NotActive
from roiqa.ratings.models import Assignment, AssignmentState
from roiqa.studies.models import StudyROI

# ROIs first, in the order of their ids, then the assignments: the lock order of this room.
_EXPIRE = """
WITH due AS (
  SELECT study_roi_id FROM ratings_assignment
  WHERE state = 'active' AND lease_expires_at < %(now)s AND (%(study)s::bigint IS NULL OR study_id = %(study)s)
  LIMIT 1000
), locked AS (
  SELECT id FROM studies_studyroi WHERE id IN (SELECT study_roi_id FROM due) ORDER BY id FOR NO KEY UPDATE
), lapsed AS (
  UPDATE ratings_assignment a SET state = CASE WHEN a.reopened THEN 'submitted' ELSE 'expired' END, reopened = false
  FROM locked WHERE a.study_roi_id = locked.id AND a.state = 'active' AND a.lease_expires_at < %(now)s
  RETURNING a.study_roi_id, a.state = 'expired' AND a.holds_slot AS gives_back
)
UPDATE studies_studyroi r SET n_active = r.n_active - given_back.n
FROM (SELECT study_roi_id, count(*) AS n FROM lapsed WHERE gives_back GROUP BY study_roi_id) given_back
WHERE r.id = given_back.study_roi_id
"""


@transaction.atomic
def expire_leases(*, study_id: int | None = None) -> int:
    """Give back the slots of claims whose lease has run out (of one study, or of all); answers on how many ROIs.

    A reopened answer that nobody submitted again simply stays what it was. Safe to run from many places at once.
    """
    with connection.cursor() as cursor:
        cursor.execute(_EXPIRE, {"now": timezone.now(), "study": study_id})
        return int(cursor.rowcount)


@transaction.atomic
def renew_lease(*, assignment: Assignment) -> datetime:
    """Extend an active claim by the study's lease. Raises NotActive when it has run out or is finished."""
    lease_expires_at = timezone.now() + timedelta(minutes=assignment.study.lease_minutes)
    renewed = Assignment.objects.filter(pk=assignment.pk, state=AssignmentState.ACTIVE).update(
        lease_expires_at=lease_expires_at
    )
    if not renewed:
        raise NotActive(assignment.state)
    return lease_expires_at


@transaction.atomic
def release_claim(*, assignment: Assignment, user: User) -> None:
    """Give an active claim back at once, so that nobody waits for its lease. A finished one stays as it is."""
    study_roi = StudyROI.objects.select_for_update(no_key=True).get(pk=assignment.study_roi_id)
    held = Assignment.objects.select_for_update().get(pk=assignment.pk, annotator=user)
    if held.state != AssignmentState.ACTIVE:
        return
    if held.reopened:
        held.state, held.reopened = AssignmentState.SUBMITTED, False
    else:
        held.state = AssignmentState.EXPIRED
        study_roi.n_active -= held.holds_slot
        study_roi.save(update_fields=["n_active"])
    held.save(update_fields=["state", "reopened"])
