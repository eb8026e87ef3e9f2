"""Celery doors of `core`: run one job by its id; look after jobs whose worker died."""

from celery import shared_task

from roiqa.core import jobs


@shared_task(name="roiqa.run_job", soft_time_limit=3600, time_limit=3660, acks_late=True)
def run_job_task(job_id: str) -> None:
    jobs.run(job_id)


@shared_task(name="roiqa.sweep_jobs", soft_time_limit=20, time_limit=30)
def sweep_jobs_task() -> int:
    return jobs.sweep()
