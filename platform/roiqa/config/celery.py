"""The Celery application: `celery -A roiqa.config.celery worker`. Messages carry ids only, as JSON."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "roiqa.config.settings")

app = Celery("roiqa")
app.conf.update(
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    task_default_queue="default",
    # Named, not imported: only a worker loads it, so the web process stays free of everything in `ml`.
    include=[
        "ml.worker.tasks",
        "ml.worker.segmentation_tasks",
        "ml.worker.synthesis_tasks",
        "ml.worker.suggestion_tasks",
        "ml.worker.comparison_tasks",
        "ml.worker.training_tasks",
    ],
    broker_connection_retry_on_startup=True,
    # The longest task: a visibility timeout below it would run jobs twice. The sweeper is what makes recovery quick.
    broker_transport_options={"visibility_timeout": 3700},
    beat_schedule={
        "check-retrain-rules": {"task": "roiqa.check_retrain_rules", "schedule": 60.0},
        # Whoever takes it says what it can train on; unread ones are worth nothing.
        "report-worker": {
            "task": "roiqa.report_worker",
            "schedule": 60.0,
            "options": {"queue": "gpu", "expires": 50},
        },
        "sweep-jobs": {"task": "roiqa.sweep_jobs", "schedule": 10.0},
        "expire-leases": {"task": "roiqa.expire_leases", "schedule": 20.0},
        "send-due-webhooks": {"task": "roiqa.send_due_webhooks", "schedule": 10.0},
        "purge-external-ids": {"task": "roiqa.purge_external_ids", "schedule": 3600.0},
        "forget-expired": {"task": "roiqa.forget_expired", "schedule": 6 * 3600.0},
        "refresh-work-order": {"task": "roiqa.refresh_work_order", "schedule": 30.0},
        "refresh-consensus": {"task": "roiqa.refresh_consensus", "schedule": 5.0},
    },
)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
