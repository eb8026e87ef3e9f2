"""Images and ROIs of a study: what is taken in, and what goes out again. Every write holds the study's content lock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError

from roiqa.core import audit
from roiqa.core.errors import Conflict, NotFound
from roiqa.images import removal
from roiqa.images.models import Image
from roiqa.regions.models import ROI
from roiqa.studies.models import Proposal, Study, StudyImage, StudyROI, StudyState
from roiqa.studies.rated import active_claims, held_by_rooms_above


@dataclass(frozen=True)
class IncomingImage:
    """An image for a study. `image` is a stored row or a new one whose files are already in storage."""

    image: Image
    file_name: str
    source: str = ""


def lock_content(study_id: int) -> Study:
    """The study, with its images and ROIs kept still until the transaction ends.

    Names and masks are compared with what is there before rows are added; this lock makes that comparison hold. It
    disturbs no claim or rating. Raises Conflict (`study_closed`).
    """
    study = Study.objects.select_for_update(no_key=True).get(pk=study_id)
    if study.state == StudyState.CLOSED:
        raise Conflict(f"The study {study.slug!r} is closed: open it before changing its content.", code="study_closed")
    return study


@transaction.atomic
def add_images(*, study_id: int, incoming: Sequence[IncomingImage]) -> list[tuple[StudyImage, bool]]:
    """Take images into the study; for each, its place in the study and whether that is new.

    An image is its sha256: one that is there already stays as it is, under the name it came with first. Different
    images of one name are told apart by a number: `a/b.jpg`, `a/b (2).jpg`. The files of every image must be there, and
    `removal.hold_files_still` keep them.
    """
    # In one order everywhere: two imports that share new images must not wait for each other in a circle.
    new = {item.image.sha256: item.image for item in incoming if item.image._state.adding}
    Image.objects.bulk_create([new[sha256] for sha256 in sorted(new)], ignore_conflicts=True)
    lock_content(study_id)
    stored = {image.sha256: image for image in Image.objects.filter(sha256__in=[i.image.sha256 for i in incoming])}
    images = [stored[item.image.sha256] for item in incoming]
    places = {
        place.image_id: place
        for place in StudyImage.objects.select_related("image").filter(study_id=study_id, image__in=images)
    }
    names = {item.file_name for item in incoming}
    taken = set(StudyImage.objects.filter(study_id=study_id, file_name__in=names).values_list("file_name", flat=True))
    added: list[StudyImage] = []
    results: list[tuple[StudyImage, bool]] = []
    for item, image in zip(incoming, images, strict=True):
        place = places.get(image.pk)
        is_new = place is None
        if place is None:
            file_name = _free_name(study_id, item.file_name, taken)
            taken.add(file_name)
            place = StudyImage(study_id=study_id, image=image, file_name=file_name, source=item.source)
            places[image.pk] = place
            added.append(place)
        results.append((place, is_new))
    StudyImage.objects.bulk_create(added)
    return results


def _free_name(study_id: int, wanted: str, taken: set[str]) -> str:
    name, number = wanted, 1
    path = PurePosixPath(wanted)
    while name in taken or (number > 1 and StudyImage.objects.filter(study_id=study_id, file_name=name).exists()):
        number += 1
        ending = f" ({number}){path.suffix}"
        name = wanted[: len(wanted) - len(path.suffix)][: 255 - len(ending)] + ending
    return name


@transaction.atomic
def remove_image(*, study_id: int, image_id: UUID, user_id: int) -> None:
    """Take an image, its ROIs and proposals out of the study, as long as nobody rated or holds one of the ROIs.

    When no other study has the picture, it goes altogether, with its region tree and embeddings. Imported again it is in
    the same split, which follows from its bytes. Raises NotFound (`image_not_found`), Conflict (`image_has_ratings`,
    `study_closed`).
    """
    removal.forbid_imports()
    study = lock_content(study_id)
    place = StudyImage.objects.filter(study_id=study_id, image_id=image_id).first()
    if place is None:
        raise NotFound(f"There is no image {image_id} in {study.slug!r}.", code="image_not_found")
    rows = StudyROI.objects.filter(study_id=study_id, image_id=image_id)
    locked = list(rows.select_for_update().order_by("pk"))
    refusal = Conflict(
        f"{place.file_name} stays: some of its ROIs are rated or being rated at this moment.", code="image_has_ratings"
    )
    if any(active_claims(row) for row in locked) or held_by_rooms_above(rows).exists():
        raise refusal
    try:
        delete_rois(locked)
    except ProtectedError:
        raise refusal from None
    proposals, _ = Proposal.objects.filter(study_id=study_id, image_id=image_id).delete()
    place.delete()
    image = Image.objects.get(pk=image_id)
    is_last = not StudyImage.objects.filter(image=image).exists()
    if is_last:
        removal.remove_row(image)
    audit.record(
        actor_id=user_id,
        action="image_removed",
        study_slug=study.slug,
        target=str(image_id),
        file_name=place.file_name,
        sha256=image.sha256,
        rois=len(locked),
        proposals=proposals,
        files_removed=is_last,
    )


def delete_rois(locked: Iterable[StudyROI]) -> None:
    """Delete ROIs with their places in the study. Raises ProtectedError if a room above holds one of them."""
    roi_ids = [row.roi_id for row in locked]
    StudyROI.objects.filter(roi_id__in=roi_ids).delete()
    ROI.objects.filter(pk__in=roi_ids).delete()
