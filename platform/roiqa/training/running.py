"""What a worker writes of a run while it trains: numbers, lines, the end. Every batch with how far the files are read."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from roiqa.core import audit, jobs
from roiqa.registry import comparing
from roiqa.registry.models import ModelVersion
from roiqa.registry.selectors import promoted_model
from roiqa.registry.services import promote
from roiqa.training.models import EventKind, RetrainRule, RunEvent, RunState, TrainingRun, WorkerSeen
from roiqa.training.services import announce_end

# Points of a run that are kept: of a longer one only every so many steps'.
POINTS_KEPT = 2000
LINE_LENGTH = 500


@dataclass(slots=True)
class Said:
    """What was read of a run's files since the last time."""

    events: list[RunEvent] = field(default_factory=list)
    metrics: dict[str, Any] = field(default_factory=dict)
    step: int | None = None
    steps: int | None = None
    seconds_per_step: float | None = None
    message: str | None = None
    events_offset: int = 0
    log_offset: int = 0

    def point(self, step: int, data: dict[str, Any]) -> None:
        self.events.append(RunEvent(kind=EventKind.POINT, step=step, data={"step": step, **data}))

    def line(self, text: str, step: int = 0) -> None:
        data = {"line": text.replace("\x00", "")[:LINE_LENGTH]}
        self.events.append(RunEvent(kind=EventKind.LOG, step=step, data=data))

    def sample(self, step: int, data: dict[str, Any]) -> None:
        self.events.append(RunEvent(kind=EventKind.SAMPLE, step=step, data={"step": step, **data}))


def begin(run: TrainingRun, *, device: str) -> None:
    """Mark a queued run, or one whose worker died, as running here. Raises JobCancelled when it is over."""
    now = timezone.now()
    begun = TrainingRun.objects.filter(
        pk=run.pk, state__in=[RunState.QUEUED, RunState.RUNNING, RunState.CANCELLING]
    ).update(
        state=RunState.RUNNING,
        attempts=run.attempts + 1,
        started_at=run.started_at or now,
        device=device,
        message="Preparing the data.",
    )
    if not begun:
        raise jobs.JobCancelled
    run.refresh_from_db(fields=["state", "attempts", "started_at", "device", "message", "events_offset", "log_offset"])


def say(run: TrainingRun, message: str) -> None:
    TrainingRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(message=message)


@transaction.atomic
def record(run: TrainingRun, said: Said) -> None:
    """Store what a run said. Safe against a crash: rows and offsets stand or fall together."""
    for event in said.events:
        event.run = run
    RunEvent.objects.bulk_create(said.events)
    run.metrics = {**run.metrics, **said.metrics}
    run.events_offset, run.log_offset = said.events_offset, said.log_offset
    changed = ["metrics", "events_offset", "log_offset"]
    for name in ("step", "steps", "seconds_per_step", "message"):
        value = getattr(said, name)
        if value is not None:
            setattr(run, name, value)
            changed.append(name)
    run.save(update_fields=changed)


class Clock:
    """What a run costs: the time that a worker spends on it, written now and then, so that a killed worker's counts."""

    def __init__(self, run: TrainingRun) -> None:
        self._run = run
        self._since = timezone.now()

    def tick(self) -> None:
        """Add the time since the last tick."""
        now = timezone.now()
        seconds = (now - self._since).total_seconds()
        self._since = now
        TrainingRun.objects.filter(pk=self._run.pk).update(work_seconds=F("work_seconds") + seconds)


def put_back(run: TrainingRun, message: str) -> None:
    """The run waits again: this worker cannot train it, or not now."""
    waiting = TrainingRun.objects.filter(pk=run.pk, state__in=[RunState.QUEUED, RunState.RUNNING])
    waiting.update(state=RunState.QUEUED, message=message)


def succeed(run: TrainingRun, model: ModelVersion) -> None:
    """The run is over and has made this model. Raises JobCancelled if somebody stopped it in the last moment."""
    with transaction.atomic():
        ended = TrainingRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(
            state=RunState.SUCCEEDED,
            step=run.steps,
            model_version=model,
            finished_at=timezone.now(),
            message=f"Made model {model.number}.",
        )
        if not ended:
            raise jobs.JobCancelled
        run.refresh_from_db()
        audit.record(
            actor_id=run.created_by_id,
            action="training_ended",
            study_slug=run.study.slug,
            target=str(run.pk),
            number=run.number,
            state=run.state,
            model=model.number,
        )
        announce_end(run)
        _promote_if_allowed(run, model)


def _promote_if_allowed(run: TrainingRun, model: ModelVersion) -> None:
    """After a run that the rule started: the first model serves at once, a later one if it is not worse."""
    rule = RetrainRule.objects.filter(study=run.study).first()
    if not run.automatic or rule is None or not (rule.enabled and rule.promote_automatically):
        return
    serving = promoted_model(run.study)
    if serving is None:
        promote(model=model, by=None, automatic=True)
    elif serving.pk != model.pk:
        comparing.start_comparison(model=model, other=serving, user_id=None, promote_if_not_worse=True)


def seen(host: str, gpus: Sequence[dict[str, Any]]) -> None:
    """A machine that trains reports itself."""
    WorkerSeen.objects.update_or_create(host=host[:200], defaults={"gpus": list(gpus), "seen_at": timezone.now()})
