"""Golds, repeats and sessions as tests make them."""

from datetime import timedelta
from typing import Any

from django.core.files.storage import default_storage
from django.utils import timezone
from PIL import Image as Picture

from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.core.scales import DISTORTIONS
from roiqa.ratings.models import Assignment, Purpose
from roiqa.studies.golds.expected import accepted_with
from roiqa.studies.models import Gold, Membership, Study, StudyImage, StudyROI
from tests.api.factories import client_for, make_image, make_roi

# Answers to a gold with blur in it.
RIGHT: dict[str, Any] = {"distortions": dict.fromkeys(DISTORTIONS, 5) | {"blur": 1}}
WRONG: dict[str, Any] = {"distortions": dict.fromkeys(DISTORTIONS, 5)}


def make_gold(study: Study, *, distortion: str = "blur", **fields: Any) -> StudyROI:
    """A gold that is served, on an image of its own, without the picture."""
    study_roi = make_roi(study, make_image(study, split="test"))
    StudyROI.objects.filter(pk=study_roi.pk).update(is_gold=True, raters_wanted=0)
    StudyImage.objects.filter(image=study_roi.image_id).update(for_gold=True)
    study_roi.refresh_from_db()
    recipe = {"source": "", "distortion": distortion, "version": "gold-1"}
    Gold.objects.create(study_roi=study_roi, accepted=accepted_with(distortion), **{"recipe": recipe, **fields})
    return study_roi


def pristine_roi(study: Study, **fields: Any) -> StudyROI:
    """An ROI on an image with files and something in it that a distortion can change."""
    image = make_image(study, with_files=True, **fields)
    noise = Picture.effect_noise((image.width, image.height), 60)
    other = Picture.effect_noise((image.width, image.height), 40)
    Picture.merge("RGB", (noise, other, noise)).save(default_storage.path(image.display_key), "PNG")
    return make_roi(study, image)


def made_golds(admin: User, study: Study, *sources: StudyROI, **body: Any) -> Job:
    """Ask for golds over HTTP and run the job here."""
    answer = client_for(admin).post(
        f"/api/v1/studies/{study.slug}/golds/", {"rois": [str(source.roi_id) for source in sources], **body}
    )
    assert answer.status_code == 202, answer.json()
    jobs.run(answer.json()["id"])
    return Job.objects.get(pk=answer.json()["id"])


def purpose_of(assignment: str) -> str:
    return Purpose(Assignment.objects.values_list("purpose", flat=True).get(pk=assignment))


def seed_member(annotator: User, study: Study, seed: int = 1) -> Membership:
    """The annotator's row with a known seed, so that what is due when is the same in every run."""
    Membership.objects.filter(study=study, user=annotator).update(order_seed=seed)
    return Membership.objects.get(study=study, user=annotator)


def rest(annotator: User, study: Study, minutes: float) -> None:
    """Let time pass: everything that the annotator did is `minutes` longer ago."""
    ago = timedelta(minutes=minutes)
    for member in Membership.objects.filter(study=study, user=annotator):
        if member.last_claim_at and member.session_started_at:
            member.last_claim_at -= ago
            member.session_started_at -= ago
            member.save(update_fields=["last_claim_at", "session_started_at"])
    for assignment in Assignment.objects.filter(study=study, annotator=annotator, finished_at__lt=timezone.now()):
        assignment.finished_at = (assignment.finished_at or timezone.now()) - ago
        assignment.save(update_fields=["finished_at"])
