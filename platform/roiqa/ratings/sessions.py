"""Sessions: an annotator's work without a rest. They begin with a warm-up and end with a break, if the study says so.

Pure but for the one question when the annotator last answered, asked only after a pause.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from roiqa.ratings.models import Assignment
from roiqa.studies.models import Membership, Study

# So long a pause is a rest: it ends a session, and it is what a break that is due asks for.
REST: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Session:
    """`rois` were given out in it before the claim that asks; `rest_until` is set when a break is due."""

    started_at: datetime
    rois: int
    rest_until: datetime | None = None


def session_of(membership: Membership, *, now: datetime) -> Session:
    """The session that a claim at `now` belongs to: the one under way, or a new one after a rest."""
    started, last_claim = membership.session_started_at, membership.last_claim_at
    if started is None or last_claim is None:
        return Session(now, 0)
    due = break_is_due(membership.study, started_at=started, rois=membership.session_rois, now=now)
    if not due and now - last_claim < REST:
        return Session(started, membership.session_rois)
    last_active = max(last_claim, _last_answer(membership) or last_claim)
    if now - last_active >= REST:
        return Session(now, 0)
    return Session(started, membership.session_rois, last_active + REST if due else None)


def break_is_due(study: Study, *, started_at: datetime, rois: int, now: datetime) -> bool:
    """By the study's rule; 0 is never."""
    if study.break_after_rois and rois >= study.break_after_rois:
        return True
    minutes = study.break_after_minutes
    return bool(minutes) and now - started_at >= timedelta(minutes=minutes)


def _last_answer(membership: Membership) -> datetime | None:
    finished = Assignment.objects.filter(
        study_id=membership.study_id, annotator_id=membership.user_id, finished_at__isnull=False
    ).order_by("-finished_at")
    return finished.values_list("finished_at", flat=True).first()
