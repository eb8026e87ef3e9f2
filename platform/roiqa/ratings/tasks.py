"""Celery door of `ratings`."""

from celery import shared_task

from roiqa.ratings.leases import expire_leases


@shared_task(name="roiqa.expire_leases", soft_time_limit=50, time_limit=60)
def expire_leases_task() -> int:
    return expire_leases()
