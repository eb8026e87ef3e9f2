"""The platform's settings with the baseline's two doors beside its own."""

from roiqa.config.settings import *  # noqa: F403

ROOT_URLCONF = "bench.plain_views"
