"""Region trees of images: what is missing, who computes it, where it lies.

A tree is a file beside the image's others, named for the algorithm that made it; that it exists is its whole state. The
computation is a job that only a worker can run (`ml.worker`), so nothing here, and nothing in the web process, needs `ml`.
"""

from collections.abc import Iterator
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from roiqa.core import jobs
from roiqa.core.models import Job, JobState
from roiqa.images.models import Image
from roiqa.studies.models import Study, StudyImage

KIND = "region_trees"


def is_ready(image: Image) -> bool:
    return default_storage.exists(image.region_tree_key)


def start_for_study(*, study_id: int, user_id: int | None) -> Job:
    """The job that computes the trees which the study's images lack: one that still waits, else a new one.

    A running job does not count: it may have listed the images before the newest came.
    """
    with transaction.atomic():
        study = Study.objects.select_for_update(no_key=True).get(pk=study_id)
        waiting = Job.objects.filter(
            kind=KIND, payload__study_id=study_id, state=JobState.QUEUED, cancel_requested=False
        ).first()
        if waiting is not None:
            return waiting
        return jobs.start(kind=KIND, payload={"study_id": study_id}, user_id=user_id, study_slug=study.slug)


def start_for_image(*, image: Image, study: Study, user_id: int) -> Job | None:
    """The job of this one image, started unless one is under way; None if the tree is there.

    It does not wait for a job of the whole study: somebody has opened this image now.
    """
    if is_ready(image):
        return None
    with transaction.atomic():
        Image.objects.select_for_update(no_key=True).get(pk=image.pk)
        under_way = _unfinished(payload__image_id=str(image.pk))
        if under_way is not None:
            return under_way
        return jobs.start(
            kind=KIND, payload={"image_id": str(image.pk)}, user_id=user_id, study_slug=study.slug, total=1
        )


def job_of(*, image: Image) -> Job | None:
    """The unfinished job that will make this image's tree, if there is one."""
    studies = StudyImage.objects.filter(image=image).values_list("study_id", flat=True)
    return _unfinished(payload__image_id=str(image.pk)) or _unfinished(payload__study_id__in=list(studies))


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
