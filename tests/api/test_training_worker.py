"""Runs that really train, in a process of their own: stopped, killed, gone on with, measured, registered."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as installation
from django.utils import timezone

from ml.seagull import train
from ml.seagull.training.checkpoints import pointed, read_checkpoint
from ml.worker import training_supervision, training_tasks
from ml.worker.training_command import processes_of
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.registry.models import ModelVersion
from roiqa.registry.selectors import promoted_model
from roiqa.registry.storage import folder_of as files_of
from roiqa.releases.exports.formats import export_of
from roiqa.studies.models import Role
from roiqa.training.errors import TrainingFailed
from roiqa.training.models import EventKind, RetrainRule, TrainingRun, WorkerSeen
from roiqa.training.selectors import points_of, samples_of
from tests.api.factories import client_for, make_member
from tests.api.test_embedding_worker import worker
from tests.api.training_study import QUICK, new_run, trainable_release

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]
WEIGHTS = "weights-00001-of-00001.safetensors"
# A start of Celery, of torch and of torch again, on a machine that does other things.
DEADLINE_SECONDS = 180


def wait_for(happened: Callable[[], Any]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not happened():
        assert time.monotonic() < deadline, "the worker took too long"
        time.sleep(0.02)


def folder_of(run: TrainingRun) -> Path:
    return Path(installation.RUNS_DIR) / str(run.pk)


def test_a_worker_killed_in_mid_run_changes_nothing_about_the_result(tmp_path: Path):
    release = trainable_release()
    admin = make_member(release.study, Role.ADMIN).user
    # As if the rule had started it, and an admin lets it promote.
    RetrainRule.objects.create(study=release.study, enabled=True, promote_automatically=True)
    run = new_run(release, by=admin, automatic=True, settings={"steps": 24, "save_every": 4})

    def stands_at() -> int:
        run.refresh_from_db()
        return run.step

    with worker() as first:
        jobs._send(Job.objects.get(pk=run.job_id))
        wait_for(lambda: stands_at() >= 5)
        # The worker and its training at once, as when a machine loses power.
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    assert stands_at() < 24
    assert (run.state, run.attempts) == ("running", 1)
    kept = pointed(folder_of(run), "latest")
    assert kept is not None
    step = read_checkpoint(kept).facts["step"]
    assert 4 <= step < 24
    # As the sweeper finds it once the dead worker's lease has run out.
    Job.objects.filter(pk=run.job_id).update(lease_expires_at=timezone.now())
    with worker():
        assert jobs.sweep() == 1
        wait_for(lambda: Job.objects.get(pk=run.job_id).is_finished)
    run.refresh_from_db()
    assert (run.state, run.attempts, run.step) == ("succeeded", 2, 24), run.message
    lines = [event.data["line"] for event in run.events.filter(kind=EventKind.LOG)]
    assert f"Resumed at step {step} of 24, 4 images." in lines
    # The same training, undisturbed, without platform or worker.
    exported = tmp_path / "release.zip"
    exported.write_bytes(b"".join(export_of(release, name="seagull", images=True).pieces()))
    (tmp_path / "settings.json").write_text(json.dumps(run.config["settings"]))
    given = ["--data", exported, "--output", tmp_path / "run", "--settings", tmp_path / "settings.json"]
    assert train.main([*map(str, given), "--preset", "ci"]) == 0
    model = run.model_version
    assert model is not None
    assert (files_of(model) / WEIGHTS).read_bytes() == (tmp_path / "run" / "weights" / WEIGHTS).read_bytes()
    check_model(model, run)
    assert promoted_model(release.study) == model


def check_model(model: ModelVersion, run: TrainingRun) -> None:
    """The model knows what it was made of and how good it is; the run's folder holds no more than its record."""
    assert run.release is not None
    assert (model.release, model.preset, model.created_by) == (run.release_id, "ci", run.created_by)
    pictures = run.study.study_images.filter(image__split="train")
    assert set(model.trained_images) == set(pictures.values_list("image__sha256", flat=True))
    assert (model.report["rois"], model.report["images"]) == (4, 2)
    assert "Model card" in model.model_card
    assert {"predictions.jsonl", "tokenizer.json", WEIGHTS} <= set(model.files)
    assert run.message == f"Made model {model.number}."
    assert [point["step"] for point in points_of(run)] == list(range(1, 25))
    assert {"quality", "quality_label", "types"} <= samples_of(run)[-1].keys()
    assert not (folder_of(run) / "checkpoints").exists()


def test_a_run_is_stopped_within_a_step_and_can_go_on():
    release = trainable_release()
    engineer = make_member(release.study, Role.ML_ENGINEER).user
    run = new_run(release, by=engineer, settings={"steps": 200, "save_every": 100})
    client = client_for(engineer)
    url = f"/api/v1/training-runs/{run.pk}/"
    answers: list[Any] = []

    def cancel_soon(job: Job) -> None:
        if not answers and client.get(url).json()["step"] >= 1:
            answers.append(client.post(f"{url}cancel/").json())

    jobs.run(str(run.job_id), watch=cancel_soon)
    assert answers[0]["state"] == "cancelling"
    stopped = client.get(url).json()
    assert stopped["state"] == "cancelled"
    # Within a step, and the time until the signal arrives.
    assert answers[0]["step"] <= stopped["step"] < 100
    kept = pointed(folder_of(run), "latest")
    assert kept is not None
    assert read_checkpoint(kept).facts["step"] == stopped["step"]
    assert f"step {stopped['step']}" in stopped["message"]
    assert client.post(f"{url}resume/").json()["state"] == "queued"


def deferred(run: TrainingRun) -> tuple[TrainingRun, Job]:
    jobs.run(str(run.job_id))
    run.refresh_from_db()
    job = Job.objects.get(pk=run.job_id)
    assert (run.state, job.state) == ("queued", "queued")
    assert job.lease_expires_at is not None
    return run, job


def test_a_large_network_waits_for_a_gpu_and_says_so():
    run = new_run(trainable_release(), preset="small")
    run, job = deferred(run)
    assert "Waits for a worker with a GPU: small needs one" in run.message
    assert (job.attempts, job.deferrals) == (1, 1)
    assert WorkerSeen.objects.get().gpus == []
    # However often no worker could: that is no failure.
    Job.objects.filter(pk=job.pk).update(attempts=50, deferrals=50)
    deferred(run)


def test_one_machine_trains_one_run_at_a_time():
    run = new_run(trainable_release())
    held, done = threading.Event(), threading.Event()

    def busy() -> None:
        with training_tasks._alone_on_this_machine():
            held.set()
            done.wait(60)

    other = threading.Thread(target=busy)
    other.start()
    try:
        assert held.wait(60)
        assert "trains another run" in deferred(run)[0].message
    finally:
        done.set()
        other.join()


def test_a_worker_that_is_told_to_end_hands_its_run_on():
    run = new_run(trainable_release())
    training_supervision.Interrupted.set()
    try:
        assert "is being restarted" in deferred(run)[0].message
    finally:
        training_supervision.Interrupted.clear()


def test_what_a_training_refuses_is_the_runs_message(tmp_path: Path):
    (tmp_path / "log.txt").write_text("a warning\nimage 7: the mask is empty\n\n")
    with pytest.raises(TrainingFailed, match=r"^image 7: the mask is empty$"):
        training_tasks._complete(training_supervision.Ending(train.REFUSED, stopped=False), tmp_path)


def test_a_killed_training_counts_as_an_attempt_and_a_stopped_one_does_not(tmp_path: Path):
    for status, died in ((-signal.SIGKILL, True), (-signal.SIGTERM, False), (143, False)):
        with pytest.raises(jobs.JobDeferred) as raised:
            training_tasks._complete(training_supervision.Ending(status, stopped=False), tmp_path)
        assert raised.value.died is died


def test_several_gpus_share_a_run_but_for_the_phase_that_cannot(monkeypatch: pytest.MonkeyPatch, settings: Any):
    run = new_run(trainable_release())
    eight = tuple({"name": "GPU", "bytes": 1} for _ in range(8))
    monkeypatch.setattr("ml.worker.devices.gpus", lambda: eight)
    assert processes_of(run) == 8
    settings.TRAINING_GPUS = 2
    assert processes_of(run) == 2
    run.config["settings"] = {**QUICK, "token_steps": 2}
    assert processes_of(run) == 1
