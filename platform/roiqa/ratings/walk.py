"""The order in which an annotator meets the ROIs, and the search for the next one.

Every StudyROI has a uniform random `shuffle_key`. The n-th claim of an annotator starts at the point
`walk_point(order_seed, n)` and takes the first open ROI from there on that this annotator has not had: one index range
scan, independent of the study's size, random per annotator, and reproducible from the seed.

What an annotator has had and others may still take clots together along such walks, as parked cars do. So a walk looks
at NEAR open ROIs only and then starts anew at another point of its own; after JUMPS of these it goes all the way round.
"""

import hashlib
from uuid import UUID

from django.db import connection, transaction

from roiqa.studies.models import Membership, StudyROI

NEAR = 200
JUMPS = 5

# OFFSET 0 keeps PostgreSQL from turning NOT EXISTS into a join: with statistics older than this annotator's work it
# would read everything the annotator ever did, for every candidate, instead of asking one unique index.
_NEXT_OPEN_ROI = """
SELECT r.id, r.image_id
FROM {candidates}
WHERE r.study_id = %(study)s AND r.slots_left > 0
  {conditions}
  AND NOT EXISTS (
    SELECT 1 FROM ratings_assignment a
    WHERE a.study_roi_id = r.id AND a.annotator_id = %(annotator)s AND a.state <> 'expired' OFFSET 0)
ORDER BY {order}
LIMIT 1 {lock}
"""
_NEAR = f"""(
    SELECT id, shuffle_key FROM studies_studyroi
    WHERE study_id = %(study)s AND slots_left > 0 AND shuffle_key >= %(start)s
    ORDER BY shuffle_key LIMIT {NEAR}
  ) near JOIN studies_studyroi r ON r.id = near.id"""  # noqa: S608  (made of a constant)
_WITHOUT_WAITING = "FOR NO KEY UPDATE OF r SKIP LOCKED"
_ONE = "SELECT id, image_id FROM studies_studyroi WHERE id = %s AND slots_left > 0 FOR NO KEY UPDATE"


def walk_point(order_seed: int, claim_number: int, jump: int = 0) -> int:
    """Where the annotator's claim starts: uniform over the shuffle keys, fixed by seed, claim number and jump."""
    digest = hashlib.blake2b(f"{order_seed}:{claim_number}:{jump}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % StudyROI.SHUFFLE_KEYS


def take_slot(membership: Membership) -> tuple[int | None, UUID | None]:
    """Lock the next open ROI of this annotator's walk; answers (StudyROI id, image id) or (None, None).

    First without waiting for rows that another claim holds. If that finds nothing though something is left, it waits:
    a locked row may well keep a free slot. The image shown last comes only when no other image has anything left.
    Needs a transaction; holds one ROI at most, or none.
    """
    other = "AND r.image_id <> %(last_image)s" if membership.last_image_id else ""
    for jump in range(JUMPS):
        found = _near(membership, jump=jump, other_image=other)
        if found is not None:
            return found
    found = _anywhere(membership, other_image=other, lock=_WITHOUT_WAITING)
    while found is None:
        seen = _anywhere(membership, other_image=other) or _anywhere(membership)
        if seen is None:
            return None, None
        found = _once_free(seen[0])
    return found


def _once_free(study_roi_id: int) -> tuple[int, UUID] | None:
    """Wait for whoever holds the ROI and lock it; None, and no lock, when its last slot is gone by then.

    Two claims that kept the locks of ROIs found full would sooner or later wait for each other.
    """
    savepoint = transaction.savepoint()
    with connection.cursor() as cursor:
        cursor.execute(_ONE, [study_roi_id])
        row: tuple[int, UUID] | None = cursor.fetchone()
    if row is None:
        transaction.savepoint_rollback(savepoint)
    else:
        transaction.savepoint_commit(savepoint)
    return row


def _near(membership: Membership, *, jump: int, other_image: str) -> tuple[int, UUID] | None:
    start = walk_point(membership.order_seed, membership.claims_made, jump)
    statement = _NEXT_OPEN_ROI.format(
        candidates=_NEAR, order="near.shuffle_key", conditions=other_image, lock=_WITHOUT_WAITING
    )
    return _first(membership, statement, start=start)


def _anywhere(membership: Membership, *, other_image: str = "", lock: str = "") -> tuple[int, UUID] | None:
    start = walk_point(membership.order_seed, membership.claims_made)
    for part in ("r.shuffle_key >= %(start)s", "r.shuffle_key < %(start)s"):
        statement = _NEXT_OPEN_ROI.format(
            candidates="studies_studyroi r",
            order="r.shuffle_key",
            conditions=f"AND {part} {other_image}",
            lock=lock,
        )
        found = _first(membership, statement, start=start)
        if found is not None:
            return found
    return None


def _first(membership: Membership, statement: str, *, start: int) -> tuple[int, UUID] | None:
    facts = {
        "study": membership.study_id,
        "annotator": membership.user_id,
        "last_image": membership.last_image_id,
        "start": start,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, facts)
        row: tuple[int, UUID] | None = cursor.fetchone()
    return row
