"""A process of a run, followed while it works: what it says is stored, the lease is kept, a wish to stop is passed on."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from ml.worker import devices
from ml.worker.training_files import LOG, Follower
from roiqa.core import jobs
from roiqa.core.models import Job, JobState
from roiqa.training import running
from roiqa.training.models import TrainingRun

POLL_SECONDS = 0.2
REPORT_SECONDS = 60.0
# A step and a checkpoint of the largest network take minutes; what takes longer hangs.
STOP_SECONDS = 1800
# Set when this worker is told to end.
Interrupted = Event()
# What a training needs not know: keys to the database, the storage and the platform itself.
_SECRET = ("ROIQA_", "DATABASE_URL", "CELERY_", "DJANGO_")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended. Its own record says: `stopped` by a signal, with a checkpoint; `error`, why it refused."""

    status: int
    stopped: bool
    error: str = ""

    @property
    def is_success(self) -> bool:
        return self.status == 0

    @property
    def was_stopped(self) -> bool:
        return (self.stopped and not self.error) or self.status in {
            -signal.SIGTERM,
            128 + signal.SIGTERM,
            -signal.SIGINT,
            128 + signal.SIGINT,
        }

    @property
    def was_killed(self) -> bool:
        return self.status in {-signal.SIGKILL, 128 + signal.SIGKILL}


def followed(
    command: list[str], *, run: TrainingRun, follower: Follower, progress: jobs.Progress, clock: running.Clock
) -> Ending:
    """Run Python with these arguments in the run's folder until it ends.

    Raises JobCancelled when somebody stopped the run or another worker took it over, JobDeferred when this worker is
    told to end; the process has then stopped and kept a checkpoint.
    """
    folder = follower.folder
    # What an attempt before this one left unread says nothing of how this process ends.
    _record(run, follower)
    follower.stopped, follower.error = False, ""
    with (folder / LOG).open("ab") as log:
        process = subprocess.Popen(  # noqa: S603  (our own programs)
            [sys.executable, "-m", "ml.worker.training_process", str(os.getpid()), str(folder / "lock"), *command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=_environment(),
        )
    reported = time.monotonic()
    try:
        while process.poll() is None:
            _record(run, follower)
            if time.monotonic() - reported > REPORT_SECONDS:
                # A worker of one process hears nothing else while it trains.
                running.seen(devices.host(), devices.gpus())
                clock.tick()
                reported = time.monotonic()
            progress.step(run.step)
            _check_interrupted()
            time.sleep(POLL_SECONDS)
    except (jobs.JobCancelled, jobs.JobDeferred):
        with progress.alive():
            stop(process)
        if _is_mine(progress.job):
            _record(run, follower)
        raise
    except BaseException:
        stop(process)
        raise
    _record(run, follower)
    return Ending(process.returncode, stopped=follower.stopped, error=follower.error)


def _check_interrupted() -> None:
    if Interrupted.is_set():
        raise jobs.JobDeferred("This worker is being restarted: the run goes on from its checkpoint.", seconds=1)


def stop(process: "subprocess.Popen[bytes]") -> None:
    """SIGTERM: the step under way ends, a checkpoint is kept. One that hangs is killed in the end."""
    for pid in _trainers(process.pid):
        try:
            os.kill(pid, signal.SIGTERM)
        except ProcessLookupError:
            continue
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _trainers(pid: int) -> list[int]:
    """The processes that train: torchrun's children, which it would give no time for a checkpoint, else the one itself."""
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return [pid]
    return [int(child) for child in children] if b"torch.distributed.run" in command and children else [pid]


def _record(run: TrainingRun, follower: Follower) -> None:
    while (said := follower.read()) is not None:
        running.record(run, said)


def _is_mine(job: Job) -> bool:
    """Whether no other worker has taken the job over meanwhile: its files are then the other's to read."""
    return Job.objects.filter(pk=job.pk, attempts=job.attempts, state=JobState.RUNNING).exists()


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_SECRET)}
    # Half of the cores: threads that wait for each other on a busy machine are many times slower than fewer.
    threads = str(max(len(os.sched_getaffinity(0)) // 2, 1))
    return {
        "OMP_NUM_THREADS": threads,
        **kept,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "PYTHONUNBUFFERED": "1",
    }
