"""Which Celery application tasks belong to."""

import subprocess
import sys

PROGRAM = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "roiqa.config.settings"
import roiqa.config.asgi
from roiqa.core.tasks import run_job_task
print(run_job_task.app.main)
"""


def test_the_web_process_sends_its_jobs_with_our_application() -> None:
    """Celery's default application would send them to a broker on localhost that nobody runs."""
    shown = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "roiqa"
