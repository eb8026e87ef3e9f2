"""Two models side by side on a frozen test split: started here, computed by a worker (`ml.worker`), kept in its job."""

from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from roiqa.core import jobs
from roiqa.core.models import Job, JobState
from roiqa.registry.errors import OtherStudy
from roiqa.registry.models import ModelVersion
from roiqa.studies.models import Study

KIND: Final = "model_comparison"


@dataclass(frozen=True, slots=True)
class Comparison:
    """`state`: missing, computing, ready or impossible; `note` says why it is not ready."""

    state: str
    note: str
    job: Job | None
    result: dict[str, Any] | None


def comparison_of(*, model: ModelVersion, other: ModelVersion) -> Comparison:
    """The newest comparison of `model` with `other`, differences being model - other. Raises OtherStudy."""
    if model.study_id != other.study_id:
        raise OtherStudy
    held = Job.objects.filter(kind=KIND, payload__model=str(model.pk), payload__other=str(other.pk))
    ready = held.filter(state=JobState.SUCCEEDED).order_by("-created_at").first()
    newest = held.order_by("-created_at").first()
    if newest is None:
        return Comparison("missing", "These two were not compared yet.", None, None)
    if not newest.is_finished:
        return Comparison("computing", newest.message, newest, None)
    if ready is None:
        return Comparison("impossible", newest.message, newest, None)
    return Comparison("ready", ready.message, ready, dict(ready.report))


@transaction.atomic
def start_comparison(
    *, model: ModelVersion, other: ModelVersion, user_id: int | None, promote_if_not_worse: bool = False
) -> Job:
    """The job that compares them: the one under way, else a new one. Raises OtherStudy.

    With `promote_if_not_worse` the worker promotes `model` (automatic) when the comparison says so.
    """
    if model.study_id != other.study_id:
        raise OtherStudy
    study = Study.objects.select_for_update(no_key=True).get(pk=model.study_id)
    payload = {
        "model": str(model.pk),
        "other": str(other.pk),
        "study_id": study.pk,
        "promote_if_not_worse": promote_if_not_worse,
    }
    under_way = Job.objects.filter(kind=KIND, payload=payload, finished_at=None, cancel_requested=False).first()
    if under_way is not None:
        return under_way
    return jobs.start(kind=KIND, payload={**payload}, user_id=user_id, study_slug=study.slug)
