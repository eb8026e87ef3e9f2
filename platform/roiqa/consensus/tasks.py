"""Celery doors of `consensus`; importing it registers the runner of its jobs with `core.jobs`."""

from celery import shared_task

from roiqa.consensus import statistics, work_order
from roiqa.consensus.refresh import refresh_all

__all__ = ["refresh_consensus_task", "statistics"]


@shared_task(name="roiqa.refresh_consensus", soft_time_limit=280, time_limit=300)
def refresh_consensus_task() -> int:
    return refresh_all()


@shared_task(name="roiqa.refresh_work_order", soft_time_limit=280, time_limit=300)
def refresh_work_order_task() -> int:
    return work_order.refresh_all()
