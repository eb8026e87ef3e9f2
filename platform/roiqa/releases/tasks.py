"""What Celery's workers look for in this room: importing it registers the runners of its jobs with `core.jobs`."""

from roiqa.releases import freezing
from roiqa.releases.exports import preparing
from roiqa.releases.methods import preparing as methods

__all__ = ["freezing", "methods", "preparing"]
