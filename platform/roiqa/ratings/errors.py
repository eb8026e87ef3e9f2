"""What can be refused around claims and answers."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from roiqa.core.errors import Conflict, Invalid, NotAllowed, NotFound


class AssignmentNotFound(NotFound):
    default_code = "assignment_not_found"

    def __init__(self, assignment_id: UUID) -> None:
        super().__init__(f"There is no assignment {assignment_id} of yours.")


class StudyNotOpen(Conflict):
    def __init__(self, slug: str, state: str) -> None:
        super().__init__(
            f"The study {slug!r} is {state}: it gives out no ROIs now. What you have on screen can still be submitted.",
            code=f"study_{state}",
        )


class AnnotatorExcluded(NotAllowed):
    default_code = "annotator_excluded"

    def __init__(self, slug: str) -> None:
        super().__init__(f"The study {slug!r} takes no further ratings from this account: ask the study's admin.")


class EnoughClaimed(Conflict):
    default_code = "enough_claimed"

    def __init__(self, held: int) -> None:
        super().__init__(f"You hold {held} ROIs already: submit, skip or give one back first.")


class BreakDue(Conflict):
    """A rest is asked for; `ends_at` and `seconds` say until when, as long as nothing is answered meanwhile."""

    default_code = "break_due"

    def __init__(self, ends_at: datetime, *, seconds: int) -> None:
        super().__init__(
            f"Time for a break: eyes tire before one notices. Go on after {ends_at:%H:%M:%S} (UTC).",
            extra={"ends_at": ends_at.isoformat(), "seconds": seconds},
        )


class AlreadyRated(Conflict):
    default_code = "already_rated"

    def __init__(self) -> None:
        super().__init__("You have rated this ROI already. Use undo on your last ROI to revise it.")


class AlreadySkipped(Conflict):
    default_code = "already_skipped"

    def __init__(self) -> None:
        super().__init__("You said that you cannot judge this ROI. Use undo to take that back, then rate it.")


class NotActive(Conflict):
    default_code = "assignment_not_active"

    def __init__(self, state: str) -> None:
        super().__init__(f"This assignment is {state}; only an active one can be changed so. Claim the next ROI.")


class KeyReused(Invalid):
    default_code = "idempotency_key_reused"

    def __init__(self, key: UUID) -> None:
        super().__init__(
            f"Idempotency-Key {key} was used for another answer: make a new key for every answer.",
            fields={"Idempotency-Key": ["used before with another body or assignment"]},
        )


class NotConfirmed(Invalid):
    default_code = "not_confirmed"

    def __init__(self, scales: Sequence[str]) -> None:
        super().__init__(
            f"{', '.join(scales)}: these levels are the model's until you answer or confirm them. "
            "Name every scale that you did in `confirmed`.",
            fields={"confirmed": [f"{scale} is not confirmed." for scale in scales]},
        )


class RateFirst(Conflict):
    default_code = "rate_first"

    def __init__(self, state: str) -> None:
        super().__init__(f"This assignment is {state}: submit your own answer first.")


class NothingRevealed(Conflict):
    default_code = "nothing_revealed"

    def __init__(self) -> None:
        super().__init__("Nothing was shown beside this answer: claim the next ROI.")


class AlreadyRevised(Conflict):
    default_code = "already_revised"

    def __init__(self) -> None:
        super().__init__("You have given a second thought to this ROI already: there is one per ROI.")


class CannotUndo(Conflict):
    default_code = "cannot_undo"

    def __init__(self, why: str) -> None:
        super().__init__(f"This cannot be taken back: {why}")


class DraftConflict(Conflict):
    """The stored draft is newer than the one sent; `current` carries it so that the page can take it over."""

    default_code = "draft_conflict"

    def __init__(self, *, sent: int, revision: int, draft: object) -> None:
        super().__init__(
            f"Draft revision {sent} does not follow the stored revision {revision}: take the stored draft first.",
            extra={"current": {"revision": revision, "draft": draft}},
        )
