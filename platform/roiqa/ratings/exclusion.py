"""Leaving an annotator's votes out of the labels, and taking them back in. Rows are kept either way."""

from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import audit
from roiqa.core.errors import Conflict, NotFound
from roiqa.studies.models import Membership, Role, Study

# The ROIs that this annotator touched, in the order of their ids: the lock order of this room.
_LOCK = """
SELECT id FROM studies_studyroi
WHERE study_id = %(study)s
  AND id IN (SELECT study_roi_id FROM ratings_assignment WHERE study_id = %(study)s AND annotator_id = %(annotator)s)
ORDER BY id FOR NO KEY UPDATE
"""
# An excluded annotator's open claims go back to the others; a reopened answer stays what it was.
_GIVE_BACK = """
UPDATE ratings_assignment SET state = CASE WHEN reopened THEN 'submitted' ELSE 'expired' END, reopened = false
WHERE study_id = %(study)s AND annotator_id = %(annotator)s AND state = 'active'
"""
# Their counters, counted again from the rows that count.
_RECOUNT = """
WITH excluded AS (
  SELECT user_id FROM studies_membership
  WHERE study_id = %(study)s AND role = 'annotator' AND excluded_at IS NOT NULL
), counted AS (
  SELECT r.id,
    (SELECT count(*) FROM ratings_rating v
     WHERE v.study_roi_id = r.id AND v.is_current AND v.status = 'accepted'
       AND v.annotator_id NOT IN (SELECT user_id FROM excluded)) AS accepted,
    (SELECT count(*) FROM ratings_assignment a
     WHERE a.study_roi_id = r.id AND a.state = 'active' AND a.holds_slot AND NOT a.reopened) AS active
  FROM studies_studyroi r WHERE r.id = ANY(%(rois)s)
)
UPDATE studies_studyroi r
SET n_accepted = counted.accepted,
    n_active = counted.active,
    consensus_due = true
FROM counted WHERE r.id = counted.id
"""


def _member(*, study: Study, member_id: UUID) -> Membership:
    membership = (
        Membership.objects.select_for_update(no_key=True).filter(study=study, pk=member_id, role=Role.ANNOTATOR).first()
    )
    if membership is None:
        raise NotFound(f"There is no annotator {member_id} in {study.slug!r}.", code="member_not_found")
    return membership


def _recount(*, study: Study, membership: Membership) -> None:
    """Bring the counters of every ROI of this annotator in line with who counts now."""
    facts: dict[str, int | list[int]] = {"study": study.pk, "annotator": membership.user_id}
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, facts)
        rois = [row[0] for row in cursor.fetchall()]
        if membership.excluded_at is not None:
            cursor.execute(_GIVE_BACK, facts)
        cursor.execute(_RECOUNT, {**facts, "rois": rois})


@transaction.atomic
def exclude_annotator(*, study: Study, member_id: UUID, reason: str, by: User) -> Membership:
    """Leave this annotator's votes out: labels are recomputed, ROIs that fall short go back into the queue."""
    membership = _member(study=study, member_id=member_id)
    if membership.excluded_at is not None:
        raise Conflict("This annotator is excluded already.", code="already_excluded")
    membership.excluded_at, membership.exclusion_reason = timezone.now(), reason
    membership.save(update_fields=["excluded_at", "exclusion_reason"])
    _recount(study=study, membership=membership)
    audit.record(
        actor_id=by.pk, action="annotator_excluded", study_slug=study.slug, target=str(member_id), reason=reason
    )
    return membership


@transaction.atomic
def include_annotator(*, study: Study, member_id: UUID, by: User) -> Membership:
    """Count an excluded annotator's votes again. ROIs that were filled up meanwhile then have more than planned."""
    membership = _member(study=study, member_id=member_id)
    if membership.excluded_at is None:
        raise Conflict("This annotator is not excluded.", code="not_excluded")
    membership.excluded_at, membership.exclusion_reason = None, ""
    membership.save(update_fields=["excluded_at", "exclusion_reason"])
    _recount(study=study, membership=membership)
    audit.record(actor_id=by.pk, action="annotator_included", study_slug=study.slug, target=str(member_id))
    return membership
