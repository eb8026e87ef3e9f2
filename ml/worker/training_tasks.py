"""Training runs: importing this registers their runner with `roiqa.core.jobs`, and loads no torch.

The training is a process of its own (`python -m ml.seagull.train`): CUDA is never touched in a worker that forks, memory
comes back when it ends, and to cancel is to send SIGTERM. What it writes is followed and stored; when the worker dies,
the next one starts the same command in the same folder, which goes on from the last checkpoint.
"""

import fcntl
import importlib.util
import json
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from celery import shared_task
from celery.signals import worker_shutting_down
from django.conf import settings as installation

from ml.worker import devices
from ml.worker.training_command import evaluate_command, train_command
from ml.worker.training_data import DataFile, data_of
from ml.worker.training_files import Follower, last_line
from ml.worker.training_supervision import Ending, Interrupted, followed
from roiqa.core import jobs
from roiqa.registry.models import ModelVersion
from roiqa.registry.services import add_model_version
from roiqa.training import running
from roiqa.training.errors import TrainingFailed
from roiqa.training.models import TrainingRun
from roiqa.training.services import KIND, run_by_id
from roiqa.training.settings_rules import needs_gpu

logger = logging.getLogger(__name__)
# How soon a run that cannot be trained here, or not now, is offered again.
BUSY_SECONDS, OTHER_WORKER_SECONDS, RESTART_SECONDS = 10, 30, 2
_REPORT = ("report.json", "predictions.jsonl", "card.md")


@jobs.runs(KIND)
def train(progress: jobs.Progress) -> None:
    """Train the run of the job, measure the weights on the release's test part, and register them.

    Run again after a crash it goes on: the data's file, the checkpoints and finished weights are kept in the folder.
    """
    run = run_by_id(progress.job.payload["run"])
    running.seen(devices.host(), devices.gpus())
    try:
        _require_device(run)
        with _alone_on_this_machine():
            running.begin(run, device=devices.in_words())
            clock = running.Clock(run)
            try:
                _train(run, progress, clock)
            finally:
                clock.tick()
    except jobs.JobDeferred as deferred:
        running.put_back(run, deferred.message)
        raise


def _train(run: TrainingRun, progress: jobs.Progress, clock: running.Clock) -> None:
    folder = folder_of(run)
    folder.mkdir(parents=True, exist_ok=True)
    data = data_of(run, folder, progress)
    progress.job.report = {"run": str(run.pk)}
    progress.expect(run.steps, f"Training run {run.number}")
    follower = Follower(run, folder)

    def complete(command: list[str]) -> None:
        _complete(followed(command, run=run, follower=follower, progress=progress, clock=clock), folder)

    if not (folder / "weights").exists():
        running.say(run, "Starting the training process.")
        complete(train_command(run, folder, data))
    if data.has_test:
        running.say(run, "Measuring on the test part of the release.")
        complete(evaluate_command(run, folder, data))
        for name in _REPORT:
            shutil.copyfile(folder / "report" / name, folder / "weights" / name)
    with progress.alive():
        model = _registered(run, folder, data)
    progress.job.message = f"Run {run.number} made model {model.number}."
    progress.job.total = run.steps
    running.succeed(run, model)
    _tidy(folder)


def folder_of(run: TrainingRun) -> Path:
    folder: Path = installation.RUNS_DIR / str(run.pk)
    return folder


def _require_device(run: TrainingRun) -> None:
    if importlib.util.find_spec("torch") is None:
        raise jobs.JobDeferred(
            f"Waits for a worker with PyTorch: {devices.host()} has none.", seconds=OTHER_WORKER_SECONDS
        )
    if needs_gpu(run.preset) and not devices.gpus():
        raise jobs.JobDeferred(
            f"Waits for a worker with a GPU: {run.preset} needs one, and {devices.host()} has none. "
            "`ci` and `tiny` train without.",
            seconds=OTHER_WORKER_SECONDS,
        )


@contextmanager
def _alone_on_this_machine() -> Iterator[None]:
    """One training a machine: two would share its cores, or not fit its GPU. The kernel frees it when the worker dies."""
    installation.RUNS_DIR.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(
        installation.RUNS_DIR / f".{devices.host()}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise jobs.JobDeferred(
                f"Waits for its turn: {devices.host()} trains another run.", seconds=BUSY_SECONDS
            ) from None
        yield
    finally:
        os.close(descriptor)


def _complete(ending: Ending, folder: Path) -> None:
    """Raises TrainingFailed with what the process said, JobDeferred where it was stopped or killed from outside."""
    if ending.is_success:
        return
    if ending.was_stopped:
        raise jobs.JobDeferred(
            "The training was stopped from outside; it goes on from its checkpoint.", seconds=RESTART_SECONDS
        )
    if ending.was_killed:
        raise jobs.JobDeferred(
            "The training was killed, perhaps for want of memory; it goes on from its checkpoint.",
            seconds=RESTART_SECONDS,
            died=True,
        )
    raise TrainingFailed(
        ending.error or last_line(folder) or f"The training ended with status {ending.status} and said nothing."
    )


def _registered(run: TrainingRun, folder: Path, data: DataFile) -> ModelVersion:
    weights = folder / "weights"
    photographs: list[str] = json.loads((folder / "photographs.json").read_text(encoding="utf-8"))
    network: dict[str, Any] = json.loads((weights / "config.json").read_text(encoding="utf-8"))
    return add_model_version(
        study=run.study,
        folder=weights,
        stage=run.stage,
        preset=run.preset,
        variant=run.variant,
        release=run.release_id,
        data=data.facts,
        # Hashes of pictures; a published synthetic set has names instead, which no picture here can be.
        trained_images=[name for name in photographs if len(name) == 64],
        config={**run.config, "network": network, "run": str(run.pk)},
        base=run.base,
        created_by=run.created_by,
    )


def _tidy(folder: Path) -> None:
    """What the registry holds now, and what only a run that goes on needs; its log and its curves stay."""
    for name in ("data", "checkpoints", "weights"):
        shutil.rmtree(folder / name, ignore_errors=True)


@shared_task(name="roiqa.report_worker", soft_time_limit=150, time_limit=180)
def report_worker_task() -> None:
    """Whichever worker of the gpu queue gets this says what it can train on."""
    running.seen(devices.host(), devices.gpus())


@worker_shutting_down.connect
def _interrupt(**_: Any) -> None:
    """A worker without forked processes hears of its end here: the training keeps a checkpoint, another goes on."""
    Interrupted.set()
