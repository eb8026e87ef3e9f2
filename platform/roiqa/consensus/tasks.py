"""Celery door of `consensus`."""

from celery import shared_task

from roiqa.consensus.refresh import refresh_all


@shared_task(name="roiqa.refresh_consensus", soft_time_limit=280, time_limit=300)
def refresh_consensus_task() -> int:
    return refresh_all()
