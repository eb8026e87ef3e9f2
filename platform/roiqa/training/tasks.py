"""Celery doors of `training`; importing it registers what undoes a run whose job ended badly."""

from celery import shared_task

from roiqa.training import retraining, services

__all__ = ["check_retrain_rules_task", "services"]


@shared_task(name="roiqa.check_retrain_rules", soft_time_limit=50, time_limit=60)
def check_retrain_rules_task() -> int:
    return retraining.check_all()
