"""Long-running jobs: start, progress, cancel, resume after a crash.

A room registers what a kind of job does with `@runs("kind")`; `start` writes the row and sends its id to the worker
after the commit; `run` executes it under a lease. If the broker is down the row waits for the sweeper.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import F, Q
from django.utils import timezone

from roiqa.core.errors import Conflict, DomainError
from roiqa.core.models import Job, JobState

logger = logging.getLogger(__name__)

Runner = Callable[["Progress"], None]
Watcher = Callable[[Job], None]
# Jobs that need torch go to workers that have it, and a GPU where there is one; everything else is for any worker.
GPU_QUEUE_KINDS = frozenset({"embeddings", "proposals", "synthesis_shard", "training_run"})
# What a trained model is asked needs torch too, and a worker of its own where there is one: a training takes hours.
MODEL_QUEUE_KINDS = frozenset({"suggestions", "model_comparison"})
# Nobody waits for these: a worker takes everything else of its queue first. On Redis 0 comes first, 9 last.
LOW_PRIORITY_KINDS = frozenset({"suggestions"})
LAST = 9
# Hundreds of images and a large model on a slow machine: days. A worker that hangs loses its lease long before.
LONG = {"soft_time_limit": 7 * 24 * 3600, "time_limit": 7 * 24 * 3600 + 60}
_runners: dict[str, Runner] = {}
_undoers: dict[str, Watcher] = {}


class JobCancelled(Exception):
    """Raised inside a runner by `Progress.step` after somebody asked to cancel."""


class JobDeferred(Exception):
    """Raised by a runner that cannot do its job on this worker, or not now: the job waits `seconds` and is sent again.

    `died`: what did the work was killed, so that this counts as one of the attempts after which a job is given up.
    """

    def __init__(self, message: str, *, seconds: float, died: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.seconds = seconds
        self.died = died


class Progress:
    """A runner's handle on its job: `step` counts, renews the lease and stops a cancelled job."""

    def __init__(self, job: Job, watch: Watcher | None = None) -> None:
        self.job = job
        self._watch = watch
        self._last_write = timezone.now()

    def expect(self, total: int, message: str = "") -> None:
        """Say how many steps there are (again, if that becomes known later) and what is being done."""
        self.job.total = total
        self._write(message=message)

    def step(self, done: int, message: str | None = None) -> None:
        """`done` steps are finished. Cheap to call often: the row is written at most four times a second."""
        self.job.done = done
        if timezone.now() - self._last_write >= timedelta(milliseconds=250):
            self._write(message=message)

    @contextmanager
    def alive(self) -> Iterator[None]:
        """Renew the lease while one step takes longer than a lease lasts: a model loads, a large picture is encoded."""
        done = Event()
        thread = Thread(target=self._renew_until, args=(done,), name=f"lease of {self.job.pk}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _renew_until(self, done: Event) -> None:
        held = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, attempts=self.job.attempts)
        try:
            while not done.wait(Job.LEASE.total_seconds() / 4):
                held.update(lease_expires_at=timezone.now() + Job.LEASE)
        except DatabaseError:
            # The next step writes the lease itself, and finds out whether the job is still ours.
            logger.warning("the lease of job %s could not be renewed", self.job.pk)
        finally:
            connection.close()

    def _write(self, message: str | None) -> None:
        self._last_write = timezone.now()
        if message is not None:
            self.job.message = message
        self.job.lease_expires_at = self._last_write + Job.LEASE
        held = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING, attempts=self.job.attempts)
        updated = held.filter(cancel_requested=False).update(
            done=self.job.done,
            total=self.job.total,
            message=self.job.message,
            lease_expires_at=self.job.lease_expires_at,
        )
        if not updated:
            raise JobCancelled
        if self._watch is not None:
            self._watch(self.job)


def runs(kind: str, *, undone: Watcher | None = None) -> Callable[[Runner], Runner]:
    """Register the function that executes jobs of this kind. It must be idempotent: a crash runs it again.

    `undone` is called in the transaction that ends a job as failed or cancelled, even if it never ran: for a row of
    the room that waits for the job.
    """

    def register(runner: Runner) -> Runner:
        _runners[kind] = runner
        if undone is not None:
            _undoers[kind] = undone
        return runner

    return register


def undoes(kind: str) -> Callable[[Watcher], Watcher]:
    """Register `undone` of a kind apart from its runner: for one that only a worker has, since the web process cancels."""

    def register(watcher: Watcher) -> Watcher:
        _undoers[kind] = watcher
        return watcher

    return register


def start(
    *,
    kind: str,
    payload: dict[str, object],
    user_id: int | None,
    study_slug: str = "",
    total: int = 0,
    send: bool = True,
) -> Job:
    """Write the job's row and send it to a worker once the transaction commits.

    With `send=False` the caller runs it in its own process; a worker takes over only if that never happens.
    """
    # A grace before the sweeper looks: the normal way is the message sent below.
    job = Job.objects.create(
        kind=kind,
        payload=payload,
        created_by_id=user_id,
        study_slug=study_slug,
        total=total,
        lease_expires_at=timezone.now() + timedelta(seconds=15),
    )
    if send:
        transaction.on_commit(lambda: _send(job))
    return job


def _send(job: Job) -> None:
    from roiqa.core.tasks import run_job_task  # noqa: PLC0415  (tasks import this module)

    try:
        options: dict[str, Any] = {"queue": "default"}
        if job.kind in GPU_QUEUE_KINDS | MODEL_QUEUE_KINDS:
            options = {"queue": "gpu" if job.kind in GPU_QUEUE_KINDS else "models", **LONG}
        if job.kind in LOW_PRIORITY_KINDS:
            options["priority"] = LAST
        run_job_task.apply_async(args=(str(job.pk),), retry=False, **options)
    except settings.BROKER_ERRORS:
        # The row is safe; the sweeper sends it when the broker is back.
        logger.warning("broker unreachable, job %s waits for the sweeper", job.pk)


def run(job_id: str, *, watch: Watcher | None = None) -> None:
    """Execute one job unless it is finished or another worker holds its lease. `watch` sees every progress written."""
    now = timezone.now()
    with transaction.atomic():
        job = Job.objects.select_for_update(skip_locked=True).filter(pk=job_id).first()
        if job is None or job.is_finished:
            return
        if job.state == JobState.RUNNING and job.lease_expires_at is not None and job.lease_expires_at > now:
            return
        if job.cancel_requested:
            _finish(job, JobState.CANCELLED, "Cancelled before it began.")
            return
        died = job.attempts - job.deferrals
        if died >= Job.MAX_ATTEMPTS:
            _finish(job, JobState.FAILED, f"Given up after {died} attempts: the worker died each time.")
            return
        job.state = JobState.RUNNING
        job.attempts += 1
        job.started_at = job.started_at or now
        job.lease_expires_at = now + Job.LEASE
        job.save()
    progress = Progress(job, watch)
    try:
        _runners[job.kind](progress)
    except JobDeferred as deferred:
        _put_back(job, deferred)
    except JobCancelled:
        _finish(job, JobState.CANCELLED, "Cancelled. What was finished until then is kept.")
    except DomainError as error:
        _finish(job, JobState.FAILED, error.detail)
    except Exception:
        logger.exception("job %s (%s) failed", job.pk, job.kind)
        _finish(job, JobState.FAILED, "Something broke on the server; it was written to the log.")
        raise
    else:
        job.done = job.total
        _finish(job, JobState.SUCCEEDED, job.message)


def _put_back(job: Job, deferred: JobDeferred) -> None:
    """The job waits again. `attempts` stays as it is, since it is what tells an attempt from its successors."""
    held = Job.objects.filter(pk=job.pk, attempts=job.attempts, state=JobState.RUNNING)
    held.update(
        state=JobState.QUEUED,
        message=deferred.message,
        deferrals=F("deferrals") + (0 if deferred.died else 1),
        lease_expires_at=timezone.now() + timedelta(seconds=deferred.seconds),
    )
    # Somebody may have cancelled while it was running for that moment.
    with transaction.atomic():
        waiting = (
            Job.objects.select_for_update().filter(pk=job.pk, state=JobState.QUEUED, cancel_requested=True).first()
        )
        if waiting is not None:
            _finish(waiting, JobState.CANCELLED, "Cancelled before it began.")


def _finish(job: Job, state: JobState, message: str) -> None:
    job.state, job.message, job.finished_at, job.lease_expires_at = state, message, timezone.now(), None
    with transaction.atomic():
        # Only the attempt that holds the job may end it: a worker that lost its lease must not overwrite its successor.
        ended = Job.objects.filter(pk=job.pk, attempts=job.attempts, finished_at=None).update(
            state=state,
            message=message,
            report=job.report,
            done=job.done,
            total=job.total,
            finished_at=job.finished_at,
            lease_expires_at=None,
        )
        if ended and state != JobState.SUCCEEDED and job.kind in _undoers:
            _undoers[job.kind](job)


def cancel(*, job: Job) -> None:
    """Ask a job to stop. A waiting job stops at once, a running one within a step. Raises Conflict when finished."""
    updated = Job.objects.filter(pk=job.pk, finished_at=None).update(cancel_requested=True)
    if not updated:
        raise Conflict(f"Job {job.pk} is already {job.state}.", code="job_finished")
    with transaction.atomic():
        waiting = Job.objects.select_for_update().filter(pk=job.pk, state=JobState.QUEUED).first()
        if waiting is not None:
            _finish(waiting, JobState.CANCELLED, "Cancelled before it began.")


def sweep() -> int:
    """Send every unfinished job whose lease has lapsed to a worker again; answers how many.

    One that waits behind a long job is not sent again before another lease: its messages would pile up.
    """
    now = timezone.now()
    lapsed = Job.objects.filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING), lease_expires_at__lt=now)
    jobs = list(lapsed[:100])
    for job in jobs:
        _send(job)
    waiting = Job.objects.filter(pk__in=[job.pk for job in jobs], state=JobState.QUEUED, lease_expires_at__lt=now)
    waiting.update(lease_expires_at=now + Job.LEASE)
    return len(jobs)
