"""Embeddings of images: which model a study uses, what is missing, who computes it.

As with region trees, that the file exists is its whole state, and only a worker can make one (`ml.worker`).
"""

from collections.abc import Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from roiqa.core import jobs
from roiqa.core.errors import NotFound
from roiqa.core.models import Job, JobState
from roiqa.images.models import Image
from roiqa.regions import embeddings, segmentation_models
from roiqa.regions.segmentation_models import REGION_TREE, SegmentationModel
from roiqa.studies.models import Study, StudyImage

KIND = "embeddings"


class NoModel(NotFound):
    """The study's masks come from its region trees."""

    default_code = "no_segmentation_model"

    def __init__(self, study: Study) -> None:
        super().__init__(
            f"The study {study.slug!r} uses the region tree, which has no embeddings: name a segmentation model, or "
            "let an admin choose one for the study."
        )


def model_for(*, study: Study, asked: str | None) -> SegmentationModel:
    """The model that was asked for, else the study's. Raises ModelNotFound, NoModel (both 404)."""
    if asked is None and study.segmentation_model == REGION_TREE:
        raise NoModel(study)
    return segmentation_models.find(asked or study.segmentation_model)


def is_ready(image: Image, model: SegmentationModel) -> bool:
    return default_storage.exists(embeddings.storage_key(image, model))


def start_for_study(*, study: Study, user_id: int | None) -> Job | None:
    """The job that computes what the study's images lack: one that still waits, else a new one; None for region trees.

    A running job does not count: it may have listed the images before the newest came.
    """
    if study.segmentation_model == REGION_TREE:
        return None
    payload = {"study_id": study.pk, "model": study.segmentation_model}
    with transaction.atomic():
        Study.objects.select_for_update(no_key=True).get(pk=study.pk)
        waiting = Job.objects.filter(kind=KIND, payload=payload, state=JobState.QUEUED, cancel_requested=False).first()
        if waiting is not None:
            return waiting
        return jobs.start(kind=KIND, payload={**payload}, user_id=user_id, study_slug=study.slug)


def start_for_image(*, image: Image, study: Study, model: SegmentationModel, user_id: int) -> Job | None:
    """The job of this one image, started unless one is under way; None if the embedding is there."""
    if is_ready(image, model):
        return None
    payload = {"image_id": str(image.pk), "model": model.id}
    with transaction.atomic():
        Image.objects.select_for_update(no_key=True).get(pk=image.pk)
        under_way = _unfinished(payload=payload)
        if under_way is not None:
            return under_way
        return jobs.start(kind=KIND, payload={**payload}, user_id=user_id, study_slug=study.slug, total=1)


def job_of(*, image: Image, model: SegmentationModel) -> Job | None:
    """The unfinished job that will make this embedding, if there is one."""
    studies = StudyImage.objects.filter(image=image).values_list("study_id", flat=True)
    return _unfinished(payload__image_id=str(image.pk), payload__model=model.id) or _unfinished(
        payload__study_id__in=list(studies), payload__model=model.id
    )


def _unfinished(**which: Any) -> Job | None:
    return (
        Job.objects.filter(kind=KIND, finished_at=None, cancel_requested=False, **which).order_by("created_at").first()
    )


def images_of(job: Job) -> Iterator[Image]:
    """The images a job is for, ready or not, in the order in which they came."""
    images = Image.objects.order_by("created_at", "pk")
    if "image_id" in job.payload:
        return images.filter(pk=job.payload["image_id"]).iterator()
    of_study = {"study_images__study_id": job.payload["study_id"], "study_images__for_gold": False}
    return images.filter(**of_study).iterator()
