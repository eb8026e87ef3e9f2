"""What a person leaves behind among claims and answers when they are erased: submitted ratings, and nothing in words."""

from datetime import timedelta
from typing import Any

from django.dispatch import receiver
from django.utils import timezone

from roiqa.accounts.erasure import person_erased
from roiqa.accounts.models import User
from roiqa.ratings.leases import expire_leases
from roiqa.ratings.models import Assignment, AssignmentState


@receiver(person_erased)
def clean_ratings(sender: type[User], *, user: User, **_: Any) -> None:
    """Give back what was claimed, delete drafts and what was written about ROIs that could not be judged."""
    own = Assignment.objects.filter(annotator=user)
    own.filter(state=AssignmentState.ACTIVE).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    expire_leases()
    own.update(draft=None, skip_note="")
