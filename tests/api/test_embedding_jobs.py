"""The worker's part in embeddings: encoding once, going on after a crash, and saying what is missing."""

import shutil
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

import ml.worker.backends
import ml.worker.segmentation_tasks
from ml.segmentation import models
from ml.segmentation.sam_backend import SAMBackend
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.images.models import Image
from roiqa.regions.embeddings import read_embedding, storage_key
from roiqa.regions.segmentation_models import SegmentationModel
from roiqa.studies import embeddings
from roiqa.studies.models import Study
from tests.api.factories import make_image, store_embedding
from tests.conftest import TEST_WEIGHTS


@pytest.fixture
def study(study: Study, tiny_sam: SegmentationModel) -> Study:
    study.segmentation_model = "tiny-sam"
    study.save()
    return study


def start(study: Study) -> Job:
    job = embeddings.start_for_study(study=study, user_id=None)
    assert job is not None
    return job


def run(job: Job) -> Job:
    jobs.run(str(job.pk))
    job.refresh_from_db()
    return job


def test_every_image_is_encoded_with_the_weights_loaded_once(
    study: Study, tiny_sam: SegmentationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [make_image(study, with_files=True) for _ in range(2)]
    store_embedding(make_image(study, with_files=True), tiny_sam)
    real, loaded = models.load, []
    monkeypatch.setattr(models, "load", lambda *given, **options: loaded.append(given) or real(*given, **options))
    ml.worker.backends._loaded.cache_clear()
    job = run(start(study))
    assert (job.state, job.report) == ("succeeded", {"computed": 2, "known": 1, "failed": []})
    assert (job.done, job.total, job.message) == (3, 3, "2 embeddings computed, 1 known before, 0 failed.")
    for image in images:
        with default_storage.open(storage_key(image, tiny_sam)) as stored:
            embedding = read_embedding(stored.read(), image=image, model=tiny_sam)
        assert embedding.resized == (96, 128)
    assert run(start(study)).report == {"computed": 0, "known": 3, "failed": []}
    assert len(loaded) == 1


def test_a_broken_off_job_goes_on_where_it_was(
    study: Study, tiny_sam: SegmentationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = [make_image(study, with_files=True) for _ in range(3)]
    job = start(study)
    real, calls = SAMBackend.encode, iter([True, False, True, True])

    def dies_at_the_second(backend: SAMBackend, pixels: Any) -> Any:
        if not next(calls):
            raise KeyboardInterrupt
        return real(backend, pixels)

    monkeypatch.setattr(SAMBackend, "encode", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(str(job.pk))
    assert [embeddings.is_ready(image, tiny_sam) for image in images] == [True, False, False]
    Job.objects.filter(pk=job.pk).update(lease_expires_at=job.created_at)
    assert run(job).report == {"computed": 2, "known": 1, "failed": []}


def test_an_image_without_its_file_does_not_stop_the_others(study: Study, tiny_sam: SegmentationModel) -> None:
    lost, kept = make_image(study), make_image(study, with_files=True)
    job = run(start(study))
    assert (job.state, job.report["failed"]) == ("succeeded", [str(lost.pk)])
    assert embeddings.is_ready(kept, tiny_sam)


def test_an_image_removed_meanwhile_leaves_nothing(
    study: Study, tiny_sam: SegmentationModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = make_image(study, with_files=True)
    real = ml.worker.segmentation_tasks.display_pixels

    def read_and_remove(image: Image) -> Any:
        pixels = real(image)
        study.study_images.all().delete()
        Image.objects.filter(pk=image.pk).delete()
        return pixels

    monkeypatch.setattr(ml.worker.segmentation_tasks, "display_pixels", read_and_remove)
    assert run(start(study)).state == "succeeded"
    assert not default_storage.exists(storage_key(image, tiny_sam))


def test_a_worker_without_torch_says_what_to_do(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    make_image(study, with_files=True)
    ml.worker.backends._loaded.cache_clear()
    # What Python does with a module that is not installed.
    monkeypatch.setitem(sys.modules, "torch", None)
    job = run(start(study))
    assert job.state == "failed"
    assert "ROIQA_ML=0" in job.message


def test_a_model_that_has_gone_is_named(study: Study, settings: Any) -> None:
    make_image(study, with_files=True)
    job = start(study)
    settings.SEGMENTATION_FOLDERS = []
    assert "'tiny-sam'" in run(job).message
    assert job.state == "failed"


def test_weights_that_are_not_the_manifests_are_never_loaded(
    study: Study, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(TEST_WEIGHTS / "tiny-sam", tmp_path / "tiny-sam")
    weights = tmp_path / "tiny-sam" / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    settings.SEGMENTATION_FOLDERS = [tmp_path]
    make_image(study, with_files=True)
    monkeypatch.setattr(models, "load", lambda *given, **options: pytest.fail("loaded"))
    ml.worker.backends._loaded.cache_clear()
    job = run(start(study))
    assert job.state == "failed"
    assert "weights_sha256" in job.message


@pytest.mark.django_db(transaction=True)
def test_a_step_that_takes_long_keeps_its_lease(monkeypatch: pytest.MonkeyPatch) -> None:
    now = timezone.now()
    job = Job.objects.create(kind="embeddings", state="running", attempts=1, lease_expires_at=now)
    monkeypatch.setattr(Job, "LEASE", timedelta(seconds=0.2))
    with jobs.Progress(job).alive():
        deadline = time.monotonic() + 10
        while job.lease_expires_at <= now and time.monotonic() < deadline:
            time.sleep(0.01)
            job.refresh_from_db()
    assert job.lease_expires_at > now


WORKER = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "roiqa.config.settings"
from roiqa.config.celery import app
app.loader.import_default_modules()
from roiqa.core import jobs
print({"embeddings", "proposals"} <= set(jobs._runners), "torch" in sys.modules, "transformers" in sys.modules)
"""


def test_a_worker_that_starts_loads_no_torch() -> None:
    done = subprocess.run([sys.executable, "-c", WORKER], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False", "False"]
