"""Celery door of `accounts`: what runs out is deleted (docs/privacy.md)."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone

from roiqa.accounts.models import ApiToken


@shared_task(name="roiqa.forget_expired", soft_time_limit=50, time_limit=60)
def forget_expired() -> int:
    """Delete sessions and API tokens that nobody can use any more; answers how many."""
    now = timezone.now()
    sessions, _ = Session.objects.filter(expire_date__lt=now).delete()
    tokens, _ = ApiToken.objects.filter(expires_at__lte=now).delete()
    return sessions + tokens
