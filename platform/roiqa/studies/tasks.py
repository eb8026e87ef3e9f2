"""What Celery's workers look for in this room: importing it registers the runners of its jobs with `core.jobs`."""

from celery import shared_task

from roiqa.studies import crowd
from roiqa.studies.golds import making
from roiqa.studies.imports import job

__all__ = ["job", "making", "purge_external_ids"]


@shared_task(name="roiqa.purge_external_ids", soft_time_limit=50, time_limit=60)
def purge_external_ids() -> int:
    return crowd.purge()
