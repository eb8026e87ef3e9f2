"""Settings, addresses and the Celery application.

The application is named here so that every process that reads the settings has it: a `shared_task` sent from a process
that never imported it would go to Celery's default broker, and each job would wait for the sweeper.
"""

from roiqa.config.celery import app as celery_app

__all__ = ["celery_app"]
