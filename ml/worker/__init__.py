"""Celery workers: the only room that imports both the platform and `ml`."""
