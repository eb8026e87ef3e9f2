"""What members of a study's staff can read of its training runs."""

from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from roiqa.accounts.authentication import signed_in
from roiqa.accounts.models import User
from roiqa.studies.access import STAFF
from roiqa.studies.models import Study
from roiqa.training.errors import RunNotFound
from roiqa.training.models import EventKind, RetrainRule, RunEvent, RunState, TrainingRun
from roiqa.training.options import workers
from roiqa.training.settings_rules import needs_gpu

POINTS_SHOWN = 500
SAMPLES_SHOWN = 12
LINES_SHOWN = 200


def runs_of(study: Study, *, state: str | None = None) -> QuerySet[TrainingRun]:
    runs = TrainingRun.objects.filter(study=study).select_related("study", "created_by", "release")
    return runs if state is None else runs.filter(state=state)


def run_for(*, user: User | AnonymousUser, run_id: UUID) -> TrainingRun:
    """The run, if this person is admin or ML engineer of its study. Raises RunNotFound otherwise."""
    run = (
        TrainingRun.objects.select_related("study", "created_by", "release")
        .filter(pk=run_id, study__memberships__user=signed_in(user), study__memberships__role__in=STAFF)
        .distinct()
        .first()
    )
    if run is None:
        raise RunNotFound(run_id)
    return run


def points_of(run: TrainingRun) -> list[dict[str, Any]]:
    """The curve so far: one point a step (a step that was done again counts once), at most POINTS_SHOWN, evaluations all."""
    rows = RunEvent.objects.filter(run=run, kind=EventKind.POINT).order_by("id").values_list("data", flat=True)
    by_step: dict[int, dict[str, Any]] = {}
    for data in rows:
        by_step[data["step"]] = {**by_step.get(data["step"], {}), **data}
    points = [by_step[step] for step in sorted(by_step)]
    stride = -(-len(points) // POINTS_SHOWN)
    last = len(points) - 1
    return [
        point
        for place, point in enumerate(points)
        if stride <= 1 or place % stride == 0 or place == last or "evaluated" in point
    ]


def samples_of(run: TrainingRun) -> list[dict[str, Any]]:
    """What the network said of a few ROIs when it was last asked."""
    rows = RunEvent.objects.filter(run=run, kind=EventKind.SAMPLE).order_by("-id").values_list("data", flat=True)
    return list(rows[:SAMPLES_SHOWN])[::-1]


def waits_for(run: TrainingRun) -> str:
    """What a queued run lacks: "gpu", "worker" (none was seen of late), or "" for its turn."""
    if run.state != RunState.QUEUED:
        return ""
    gpu = workers()["gpu"]
    if gpu is None:
        return "worker"
    return "gpu" if needs_gpu(run.preset) and not gpu else ""


def seconds_left(run: TrainingRun) -> float | None:
    """Until the last step, at the pace of the latest ones; None while that is not known."""
    if run.state != RunState.RUNNING or run.seconds_per_step is None:
        return None
    return round(max(run.steps - run.step, 0) * run.seconds_per_step, 1)


def rule_of(study: Study) -> RetrainRule:
    """The study's rule; one that is off where there is none yet (not stored)."""
    rule = RetrainRule.objects.select_related("study", "last_run").filter(study=study).first()
    return rule or RetrainRule(study=study, why_not="The rule is off.")
