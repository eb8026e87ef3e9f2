"""The order of work where a model has a say: half by lot, half by what the model is unsure of.

A claim looks at the next open ROIs of the annotator's random walk and draws one of them: each has the same chance for one
half and a chance in proportion to its `priority` for the other. Test ROIs have priority 0 (consensus.work_order): the model
has no say in which of them comes first. How likely the drawn one was is kept with the claim, so that whoever
evaluates on these labels can weigh by it.
"""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import connection

from roiqa.ratings.walk import NEAR, walk_point
from roiqa.studies.models import Membership

BY_LOT: Final = 0.5

_OPEN = """
(SELECT id, image_id, priority, {lap} AS lap, shuffle_key FROM studies_studyroi
 WHERE study_id = %(study)s AND slots_left > 0 AND shuffle_key {side} %(start)s ORDER BY shuffle_key LIMIT {near})
"""
# From the walk's point to the end, then from the beginning.
_CANDIDATES = f"""
SELECT near.id, near.priority
FROM (
  SELECT * FROM ({_OPEN.format(lap=0, side=">=", near=NEAR)} UNION ALL {_OPEN.format(lap=1, side="<", near=NEAR)}) round
  ORDER BY lap, shuffle_key LIMIT {NEAR}
) near
WHERE near.image_id IS DISTINCT FROM %(last_image)s
  AND NOT EXISTS (
    SELECT 1 FROM ratings_assignment a
    WHERE a.study_roi_id = near.id AND a.annotator_id = %(annotator)s AND a.state <> 'expired' OFFSET 0)
ORDER BY near.lap, near.shuffle_key
"""  # noqa: S608  (made of constants)
_TAKE = """
SELECT id, image_id FROM studies_studyroi WHERE id = %s AND slots_left > 0 FOR NO KEY UPDATE SKIP LOCKED
"""


def take_by_priority(membership: Membership) -> tuple[int, UUID, float] | None:
    """Lock the ROI that this claim draws: its id, its image, and how likely it was to be drawn.

    None when nothing near is open or somebody else holds what was drawn: the walk goes on as without a model then.
    Needs a transaction.
    """
    facts = {
        "study": membership.study_id,
        "annotator": membership.user_id,
        "last_image": membership.last_image_id,
        "start": walk_point(membership.order_seed, membership.claims_made),
    }
    with connection.cursor() as cursor:
        cursor.execute(_CANDIDATES, facts)
        candidates = cursor.fetchall()
        if not candidates:
            return None
        chances = chances_of([priority for _, priority in candidates])
        chosen = draw(chances, order_seed=membership.order_seed, claim_number=membership.claims_made)
        cursor.execute(_TAKE, [candidates[chosen][0]])
        row: tuple[int, UUID] | None = cursor.fetchone()
    return None if row is None else (row[0], row[1], chances[chosen])


def chances_of(priorities: Sequence[float]) -> list[float]:
    """The chance of each candidate: half of all by lot, half in proportion to priority (all by lot if none has any)."""
    total = sum(priorities)
    lot = 1 / len(priorities)
    if total <= 0:
        return [lot] * len(priorities)
    return [BY_LOT * lot + (1 - BY_LOT) * priority / total for priority in priorities]


def draw(chances: Sequence[float], *, order_seed: int, claim_number: int) -> int:
    """Which candidate the annotator's n-th claim draws: fixed by the seed, so that it can be drawn again."""
    digest = hashlib.blake2b(f"{order_seed}:order:{claim_number}".encode(), digest_size=8).digest()
    point, reached = (int.from_bytes(digest, "big") >> 11) / 2**53, 0.0
    for index, chance in enumerate(chances):
        reached += chance
        if point < reached:
            return index
    return len(chances) - 1
