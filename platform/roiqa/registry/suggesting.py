"""Suggestions: which ROIs lack one of the serving model, who computes them (`ml.worker`), and how they are kept."""

from collections.abc import Collection, Iterable, Sequence
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from roiqa.core import jobs, webhooks
from roiqa.core.models import Job, JobState
from roiqa.core.webhooks import Event
from roiqa.images.models import Split
from roiqa.registry.models import ModelVersion, Promotion, Suggestion
from roiqa.studies.models import Study, StudyROI

KIND: Final = "suggestions"
_KEPT = ("probabilities", "levels", "answer", "uncertainty", "leaked", "mask_sha256", "created_at")


def want(study: Study, *, user_id: int | None = None, something_is_missing: bool = False) -> Job | None:
    """Ask for the suggestions that the study's ROIs lack: the job that still waits, else a new one.

    None without a serving model, or if nothing is missing (which is not looked up where the caller knows better). A running
    job does not count: it may have looked already. Call it in the transaction that made the ROIs: the job is sent when
    it commits.
    """
    serving = Promotion.objects.filter(study=study, is_current=True).values_list("model", flat=True).first()
    if serving is None:
        return None
    payload = {"study_id": study.pk}
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        waiting = Job.objects.filter(kind=KIND, payload=payload, state=JobState.QUEUED, cancel_requested=False).first()
        if waiting is not None:
            return waiting
        if not something_is_missing and not _missing(study.pk, serving).exists():
            return None
        return jobs.start(kind=KIND, payload={**payload}, user_id=user_id, study_slug=study.slug)


def missing(model: ModelVersion) -> QuerySet[StudyROI]:
    """ROIs of the model's study without its suggestion for their present mask, image by image.

    None of the test split and no golds: nobody is ever shown what a model says of them.
    """
    return _missing(model.study_id, model.pk).select_related("roi", "image").order_by("image_id", "pk")


def _missing(study_id: int, model_id: UUID) -> QuerySet[StudyROI]:
    held = Suggestion.objects.filter(model=model_id, study_roi=OuterRef("pk"), mask_sha256=OuterRef("roi__mask_sha256"))
    return wanted(study_id).filter(~Exists(held))


def wanted(study_id: int) -> QuerySet[StudyROI]:
    """The ROIs of a study that get suggestions."""
    return StudyROI.objects.filter(study=study_id, is_gold=False, image__split=Split.TRAIN)


def next_images(model: ModelVersion, *, after: UUID | None, images: int, without: Collection[str]) -> list[StudyROI]:
    """The ROIs that lack a suggestion of the next few images behind `after`, image by image. `without`: image ids."""
    rows = missing(model).exclude(image_id__in=list(without))
    if after is not None:
        rows = rows.filter(image_id__gt=after)
    chosen = list(rows.select_related(None).order_by("image_id").values_list("image_id", flat=True).distinct()[:images])
    return list(rows.filter(image_id__in=chosen))


@transaction.atomic
def keep(suggestions: Sequence[Suggestion]) -> int:
    """Store suggestions, each once per model and ROI; a later one of the same ROI replaces the former.

    ROIs that were deleted meanwhile are left out. Answers how many were stored.
    """
    there = _still_there(one.study_roi_id for one in suggestions)
    kept = [one for one in suggestions if one.study_roi_id in there]
    Suggestion.objects.bulk_create(
        kept, update_conflicts=True, unique_fields=["model", "study_roi"], update_fields=_KEPT
    )
    return len(kept)


@transaction.atomic
def finished(*, study: Study, computed: int) -> None:
    """Tell whoever listens that the serving model has judged everything: once after a promotion, not at every new ROI."""
    promotion = Promotion.objects.select_related("model").filter(study=study, is_current=True).first()
    if promotion is None or promotion.model is None or not computed:
        return
    before = Job.objects.filter(kind=KIND, payload={"study_id": study.pk}, state=JobState.SUCCEEDED)
    if not before.filter(finished_at__gte=promotion.created_at).exists():
        webhooks.announce(
            study_slug=study.slug,
            event=Event.SUGGESTIONS_READY,
            payload={"model": str(promotion.model.pk), "number": promotion.model.number, "computed": computed},
        )


def _still_there(ids: Iterable[int]) -> set[int]:
    """Those of them that were not deleted, kept from it until the suggestions are written; claims go on meanwhile."""
    with connection.cursor() as cursor:
        # The lock that the foreign key takes anyway, before it: Django has no word for it.
        cursor.execute("SELECT id FROM studies_studyroi WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE", [list(ids)])
        return {row[0] for row in cursor.fetchall()}
