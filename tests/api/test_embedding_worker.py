"""A real worker on the queue for models: it is killed in the middle of encoding, and nothing is lost or done twice."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.regions.embeddings import read_embedding, storage_key
from roiqa.studies import embeddings
from tests.api.factories import make_image, make_study
from tests.conftest import TEST_WEIGHTS

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGES = 60
DEADLINE_SECONDS = 90


@contextmanager
def worker() -> Iterator[subprocess.Popen[bytes]]:
    """A Celery worker of the `gpu` queue, as deployed, on the test's own database and broker."""
    database = connection.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "celery", "--app", "roiqa.config.celery", "worker", "--queues", "gpu"]
    command += ["--pool", "solo", "--without-gossip", "--without-mingle", "--loglevel", "ERROR"]
    process = subprocess.Popen(command, env=environment, cwd=REPOSITORY, start_new_session=True)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(happened: Callable[[], Any]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "the worker took too long"
        time.sleep(0.02)


@pytest.mark.timeout(240)
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_nothing() -> None:
    installed = settings.WEIGHTS_DIR / "tiny-sam"
    shutil.copytree(TEST_WEIGHTS / "tiny-sam", installed)
    try:
        study = make_study(segmentation_model="tiny-sam")
        images = [make_image(study, with_files=True) for _ in range(IMAGES)]
        job = embeddings.start_for_study(study=study, user_id=None)
        assert job is not None
        model = embeddings.model_for(study=study, asked=None)

        def ready() -> list[str]:
            keys = [storage_key(image, model) for image in images]
            return [key for key in keys if default_storage.exists(key)]

        with worker() as first:
            wait_for(ready)
            first.send_signal(signal.SIGKILL)
            first.wait()
        before = {key: Path(default_storage.path(key)).stat().st_mtime_ns for key in ready()}
        assert 0 < len(before) < IMAGES
        job.refresh_from_db()
        assert job.state == "running"
        # As the sweeper finds it once the dead worker's lease has run out.
        Job.objects.filter(pk=job.pk).update(lease_expires_at=timezone.now())
        assert jobs.sweep() == 1
        with worker():
            wait_for(lambda: Job.objects.get(pk=job.pk).is_finished)
        job.refresh_from_db()
        assert (job.state, job.attempts) == ("succeeded", 2)
        assert job.report == {"computed": IMAGES - len(before), "known": len(before), "failed": []}
        for image in images:
            with default_storage.open(storage_key(image, model)) as stored:
                read_embedding(stored.read(), image=image, model=model)
        assert all(Path(default_storage.path(key)).stat().st_mtime_ns == at for key, at in before.items())
    finally:
        shutil.rmtree(installed)
