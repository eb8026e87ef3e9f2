"""What Celery's workers look for in this room: importing it registers the import's runner with `core.jobs`."""

from roiqa.studies.imports import job

__all__ = ["job"]
