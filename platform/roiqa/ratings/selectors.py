"""What an annotator may read of the own work: never a word or a count of anybody else's."""

from typing import TypedDict
from uuid import UUID

from django.db.models import Count, Q
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.ratings.answers import last_finished, stands
from roiqa.ratings.models import Assignment, AssignmentState
from roiqa.studies.models import Study


class MyProgress(TypedDict):
    rated: int
    skipped: int
    rated_today: int
    can_undo: UUID | None


def my_progress(*, user: User, study: Study) -> MyProgress:
    """The annotator's own counts in the study, and which assignment undo would open."""
    midnight = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    submitted = Q(state=AssignmentState.SUBMITTED) | Q(reopened=True)
    counts = Assignment.objects.filter(study=study, annotator=user).aggregate(
        rated=Count("pk", filter=submitted),
        skipped=Count("pk", filter=Q(state=AssignmentState.SKIPPED)),
        rated_today=Count("pk", filter=submitted & Q(finished_at__gte=midnight)),
    )
    last = last_finished(user=user, study_id=study.pk)
    return MyProgress(
        rated=counts["rated"],
        skipped=counts["skipped"],
        rated_today=counts["rated_today"],
        can_undo=last.pk if last is not None and not stands(last) else None,
    )
