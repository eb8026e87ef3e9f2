"""The claim: which ROI does this annotator get next?

The database settles every race. A claim takes the annotator's Membership row (so that one person's requests happen
one by one), then one StudyROI row with a free slot, then writes the Assignment. Lock order everywhere in this room:
Membership, StudyROI (by id), Assignment.

Order: every StudyROI has a uniform random `shuffle_key`. The n-th claim of an annotator starts at the point
`walk_point(order_seed, n)` and takes the first open ROI at or after it (wrapping round) that this annotator has not
had. One index range scan, independent of the study's size, random per annotator, and reproducible from the seed.
"""

import hashlib
from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core.errors import NotAllowed, NotFound
from roiqa.ratings.errors import AnnotatorExcluded, EnoughClaimed, StudyNotOpen
from roiqa.ratings.leases import expire_leases
from roiqa.ratings.models import Assignment, AssignmentState
from roiqa.studies.models import Membership, Role, Study, StudyROI, StudyState

# The ROI on screen and the one being prefetched.
MAX_ACTIVE = 2

_NEXT_OPEN_ROI = """
SELECT r.id, r.image_id
FROM studies_studyroi r
WHERE r.study_id = %(study)s AND r.slots_left > 0
  AND r.shuffle_key >= %(low)s AND r.shuffle_key < %(high)s
  {other_image}
  AND NOT EXISTS (
    SELECT 1 FROM ratings_assignment a
    WHERE a.study_roi_id = r.id AND a.annotator_id = %(annotator)s AND a.state <> 'expired')
ORDER BY r.shuffle_key
LIMIT 1
FOR NO KEY UPDATE OF r {wait}
"""


def walk_point(order_seed: int, claim_number: int) -> int:
    """Where the annotator's claim starts: uniform over the shuffle keys, fixed by seed and claim number."""
    digest = hashlib.blake2b(f"{order_seed}:{claim_number}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % StudyROI.SHUFFLE_KEYS


def annotator_membership(*, user: User, slug: str) -> Membership:
    """The person's annotator row in the study, locked until the transaction ends.

    Raises NotFound for a study the person is no member of, NotAllowed for a member who is no annotator.
    """
    membership = (
        Membership.objects.select_for_update(of=("self",), no_key=True)
        .select_related("study")
        .filter(study__slug=slug, user=user, role=Role.ANNOTATOR)
        .first()
    )
    if membership is not None:
        return membership
    if Membership.objects.filter(study__slug=slug, user=user).exists():
        raise NotAllowed(f"Only annotators rate; you are no annotator of {slug!r}.", code="not_an_annotator")
    raise NotFound(f"There is no study {slug!r} that you are a member of.", code="study_not_found")


@transaction.atomic
def claim_next(*, user: User, slug: str, holding: Collection[UUID] = ()) -> tuple[Assignment | None, bool]:
    """The annotator's next assignment and whether it is a new claim; (None, False) when nothing is left for them.

    `holding` names the assignments that the page shows already. An active assignment not among them (a reload, a
    second tab) is given again with a fresh lease before anything new is claimed.
    Raises StudyNotOpen, AnnotatorExcluded, EnoughClaimed, NotFound, NotAllowed.
    """
    membership = annotator_membership(user=user, slug=slug)
    study = membership.study
    if membership.excluded_at is not None:
        raise AnnotatorExcluded(slug)
    active = list(
        Assignment.objects.filter(study=study, annotator=user, state=AssignmentState.ACTIVE).order_by("position")
    )
    lease_expires_at = timezone.now() + timedelta(minutes=study.lease_minutes)
    for assignment in active:
        if assignment.pk not in holding:
            assignment.lease_expires_at = lease_expires_at
            assignment.save(update_fields=["lease_expires_at"])
            return assignment, False
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
    membership.claims_made += 1
    membership.last_image_id = image_id
    membership.save(update_fields=["claims_made", "last_image"])
    StudyROI.objects.filter(pk=study_roi_id).update(slots_left=F("slots_left") - 1)
    claim = {
        "state": AssignmentState.ACTIVE,
        "holds_slot": True,
        "claimed_at": timezone.now(),
        "lease_expires_at": lease_expires_at,
        "position": membership.claims_made,
    }
    # The pair's row may be there already: a claim of this same annotator that ran out.
    assignment, created = Assignment.objects.get_or_create(
        study_roi_id=study_roi_id, annotator=user, defaults={"study": study, **claim}
    )
    if not created:
        for name, value in claim.items():
            setattr(assignment, name, value)
        assignment.save(update_fields=list(claim))
    return assignment, True


def _take_slot(*, study: Study, membership: Membership) -> tuple[int | None, UUID | None]:
    """Lock the next open ROI of this annotator's walk; answers (StudyROI id, image id) or (None, None).

    First without waiting for rows that another claim holds. If that finds nothing, once more waiting for them: a
    locked row may well keep a free slot. The image shown last comes only when no other image has anything left.
    """
    start = walk_point(membership.order_seed, membership.claims_made)
    last_image = membership.last_image_id
    searches = [(True, "SKIP LOCKED"), (True, ""), (False, "")] if last_image else [(False, "SKIP LOCKED"), (False, "")]
    with connection.cursor() as cursor:
        for avoid_last_image, wait in searches:
            statement = _NEXT_OPEN_ROI.format(
                other_image="AND r.image_id <> %(last_image)s" if avoid_last_image else "", wait=wait
            )
            for low, high in ((start, StudyROI.SHUFFLE_KEYS), (0, start)):
                cursor.execute(
                    statement,
                    {
                        "study": study.pk,
                        "annotator": membership.user_id,
                        "last_image": last_image,
                        "low": low,
                        "high": high,
                    },
                )
                row = cursor.fetchone()
                if row is not None:
                    return row[0], row[1]
    return None, None
