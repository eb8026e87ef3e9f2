"""What Celery's workers look for in this room: importing it registers the runners of its jobs with `core.jobs`."""

from roiqa.releases import freezing
from roiqa.releases.exports import preparing

__all__ = ["freezing", "preparing"]
