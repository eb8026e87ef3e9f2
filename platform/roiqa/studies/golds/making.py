"""Making golds from pristine ROIs, as a job: one distortion each, inside the mask only, on a new image of the study."""

import random
import secrets
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import numpy as np
from django.core.files.storage import default_storage
from django.db import transaction
from pycocotools import mask as coco_mask

from roiqa.accounts.models import User
from roiqa.core import audit, jobs
from roiqa.core.errors import Invalid, NotFound
from roiqa.core.models import Job
from roiqa.core.scales import DISTORTIONS
from roiqa.images import removal
from roiqa.images.models import Image, Split
from roiqa.images.storage import keep_files
from roiqa.regions.models import ROI
from roiqa.studies.access import STAFF
from roiqa.studies.content import IncomingImage, add_images, lock_content
from roiqa.studies.golds.distorting import STRENGTHS, VERSION, NotVisible, Setting
from roiqa.studies.golds.expected import accepted_with
from roiqa.studies.golds.pictures import gold_picture, neighbouring_name
from roiqa.studies.models import Gold, Study, StudyImage, StudyROI

KIND = "golds"
MOST_AT_ONCE = 500


def start_making(*, user: User, study: Study, rois: Sequence[UUID], distortions: Sequence[str]) -> Job:
    """A job that makes one gold of each ROI, the distortions dealt out evenly. Raises NotFound, Conflict (`study_closed`).

    The ROIs may be of any study that this person is staff of. The job's report: {made, refused: [{roi, reason}]}.
    """
    kinds = [name for name in DISTORTIONS if name in distortions] or list(DISTORTIONS)
    reachable = StudyROI.objects.filter(
        roi_id__in=rois, is_gold=False, study__memberships__user=user, study__memberships__role__in=STAFF
    )
    missing = set(rois) - set(reachable.values_list("roi_id", flat=True))
    if missing:
        raise NotFound(
            f"{len(missing)} of these ROIs are no ROIs of yours that a gold can be made from: {min(map(str, missing))}.",
            code="roi_not_found",
        )
    dealt = (kinds * (len(rois) // len(kinds) + 1))[: len(rois)]
    random.SystemRandom().shuffle(dealt)
    with transaction.atomic():
        lock_content(study.pk)
        payload = {
            "study_id": study.pk,
            "user_id": user.pk,
            "items": [[str(roi), kind] for roi, kind in zip(rois, dealt, strict=True)],
            "kinds": kinds,
        }
        job = jobs.start(kind=KIND, payload=payload, user_id=user.pk, study_slug=study.slug, total=len(rois))
        audit.record(
            actor_id=user.pk,
            action="golds_asked",
            study_slug=study.slug,
            target=str(job.pk),
            rois=len(rois),
            kinds=kinds,
        )
    return job


@jobs.runs(KIND)
def run_making(progress: jobs.Progress) -> None:
    """Make what is not made yet: each gold's recipe says which item of which job it is, so nothing is made twice."""
    job = progress.job
    study = Study.objects.filter(pk=job.payload["study_id"]).first()
    if study is None:
        raise NotFound(f"The study {job.study_slug!r} does not exist any more.")
    made = set(Gold.objects.filter(recipe__job=str(job.pk)).values_list("recipe__item", flat=True))
    refused: list[dict[str, str]] = []
    items: list[list[str]] = job.payload["items"]
    for number, (roi_id, kind) in enumerate(items):
        progress.step(number, f"{number} of {len(items)}")
        if number in made:
            continue
        with progress.alive():
            reason = _make(study=study, job=job, number=number, roi_id=roi_id, kind=kind)
        if reason:
            refused.append({"roi": roi_id, "reason": reason})
    job.report = {"made": len(items) - len(refused), "refused": refused}
    job.message = f"Golds made: {len(items) - len(refused)}. Refused: {len(refused)}."


def _make(*, study: Study, job: Job, number: int, roi_id: str, kind: str) -> str:
    """Make one gold; answers why it could not be made, or nothing. Another distortion is tried where one shows too little."""
    roi = ROI.objects.select_related("image").filter(pk=roi_id, study_roi__is_gold=False).first()
    place = StudyImage.objects.filter(image=roi.image_id).order_by("pk").first() if roi else None
    if roi is None or place is None:
        return "The ROI is not there any more."
    mask = _pixels(roi)
    with default_storage.open(roi.image.display_key) as stored:
        display = stored.read()
    reason = "Golds of each of these kinds were made from it before."
    for choice, setting in _settings(study=study, job=job, roi_id=roi_id, kind=kind):
        try:
            original, decoded = gold_picture(display, mask, choice, setting)
        except NotVisible as refusal:
            reason = refusal.detail
            continue
        except Invalid as refusal:
            return refusal.detail
        image = Image(
            sha256=decoded.sha256,
            split=Split.TEST,
            width=decoded.width,
            height=decoded.height,
            format=decoded.format,
            byte_size=decoded.byte_size,
        )
        keep_files(image, decoded, original=original)
        recipe: dict[str, Any] = {
            "source": roi_id,
            "source_image": str(roi.image_id),
            "distortion": choice,
            "setting": {"strength": setting.strength, "direction": setting.direction, "seed": setting.seed},
            "version": VERSION,
            "job": str(job.pk),
            "item": number,
        }
        _write(study_id=study.pk, image=image, roi=roi, place=place, recipe=recipe, user_id=job.payload["user_id"])
        return ""
    return reason


def _settings(*, study: Study, job: Job, roi_id: str, kind: str) -> Iterator[tuple[str, Setting]]:
    """Kinds in the order to try, `kind` first, each in a setting by lot that this ROI has not given a gold in yet."""
    earlier = Gold.objects.filter(study_roi__study=study, recipe__source=roi_id).values_list("recipe", flat=True)
    taken = {_look(recipe["distortion"], **recipe["setting"]) for recipe in earlier}
    kinds: list[str] = job.payload["kinds"]
    first = kinds.index(kind)
    lots = random.SystemRandom()
    for choice in kinds[first:] + kinds[:first]:
        free = [
            Setting(strength=strength, direction=direction, seed=secrets.randbits(32))
            for strength in range(STRENGTHS)
            for direction in (-1, 1)
            if _look(choice, strength, direction) not in taken
        ]
        if free:
            yield choice, lots.choice(free)


def _look(kind: str, strength: int, direction: int, seed: int = 0) -> tuple[str, int, int]:
    """What tells two golds of one ROI apart for the eye."""
    return kind, strength, direction if kind == "exposure" else 0


@transaction.atomic
def _write(*, study_id: int, image: Image, roi: ROI, place: StudyImage, recipe: dict[str, Any], user_id: int) -> None:
    removal.hold_files_still()
    if removal.taken_away([image]):
        raise Invalid("The gold's picture was being removed at this very moment: run the job again.")
    taken = set(StudyImage.objects.filter(study_id=study_id).values_list("file_name", flat=True))
    name = neighbouring_name(place.file_name, taken=taken)
    [(added, _)] = add_images(study_id=study_id, incoming=[IncomingImage(image, name, place.source)])
    added.for_gold = True
    added.save(update_fields=["for_gold"])
    image = added.image
    copy = ROI.objects.create(
        image=image,
        level=roi.level,
        name=roi.name,
        counts=roi.counts,
        mask_sha256=roi.mask_sha256,
        x=roi.x,
        y=roi.y,
        w=roi.w,
        h=roi.h,
        area=roi.area,
        provenance=roi.provenance,
        created_by=None,
    )
    study_roi = StudyROI.objects.create(
        study_id=study_id,
        roi=copy,
        image=image,
        shuffle_key=secrets.randbelow(StudyROI.SHUFFLE_KEYS),
        raters_wanted=0,
        is_gold=True,
    )
    Gold.objects.create(
        study_roi=study_roi, accepted=accepted_with(recipe["distortion"]), recipe=recipe, created_by_id=user_id
    )


def _pixels(roi: ROI) -> Any:
    encoded = {"size": [roi.image.height, roi.image.width], "counts": roi.counts.encode("ascii")}
    return np.asarray(coco_mask.decode(encoded), dtype=bool)
