"""Celery doors of `core`: run one job by its id; look after jobs whose worker died; send webhooks."""

from celery import shared_task

from roiqa.core import jobs, webhooks


@shared_task(name="roiqa.run_job", soft_time_limit=3600, time_limit=3660, acks_late=True)
def run_job_task(job_id: str) -> None:
    jobs.run(job_id)


@shared_task(name="roiqa.sweep_jobs", soft_time_limit=20, time_limit=30)
def sweep_jobs_task() -> int:
    return jobs.sweep()


@shared_task(name="roiqa.deliver_webhook", soft_time_limit=50, time_limit=55)
def deliver_webhook_task(delivery_id: str) -> None:
    webhooks.deliver(delivery_id)


@shared_task(name="roiqa.send_due_webhooks", soft_time_limit=20, time_limit=30)
def send_due_webhooks_task() -> None:
    """One message per delivery, so that a slow receiver holds nobody else up."""
    for delivery_id in webhooks.due_ids():
        deliver_webhook_task.apply_async(args=(delivery_id,), queue="outgoing")
