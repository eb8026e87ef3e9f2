"""ROIs one by one: who sees, draws, changes and deletes them.

Admins and ML engineers see every ROI of a study; admins change all, ML engineers their own. Annotators only rate, unless
the study lets them draw: then they see and change their own, for a short time, and a refusal never says why, so that
nobody learns from it whether others have rated.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import ProtectedError, Q, QuerySet
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import audit
from roiqa.core.errors import Conflict, NotAllowed, NotFound
from roiqa.images.models import Image
from roiqa.regions.masks import Mask, MaskRefused, mask_from_compressed
from roiqa.regions.models import ROI, Level
from roiqa.regions.segmentation_models import REGION_TREE
from roiqa.studies.access import STAFF, image_for, roles_in
from roiqa.studies.changes import regions_changed
from roiqa.studies.content import delete_rois, lock_content
from roiqa.studies.models import Membership, Role, Study, StudyImage, StudyROI
from roiqa.studies.rated import active_claims, held_by_rooms_above, with_untouched

# How long annotators may mend what they drew.
ANNOTATOR_EDIT_TIME = timedelta(minutes=10)


@dataclass(frozen=True)
class NewROI:
    image_id: UUID
    mask: Mask
    level: str
    name: str = ""
    provenance: Mapping[str, Any] = field(default_factory=dict)


def check_area(mask: Mask) -> None:
    """Raises MaskRefused (`roi_too_small`) for a mask under 32 x 32 pixels in area."""
    if mask.area < ROI.MIN_AREA_PX:
        raise MaskRefused(
            f"The region covers {mask.area:,} pixels, but {ROI.MIN_AREA_PX:,} (32 x 32) are the least that people can "
            "judge: draw it larger.",
            code="roi_too_small",
        )


def mask_of_image(segmentation: Mapping[str, Any], image: Image) -> Mask:
    """The mask of `{size: [h, w], counts: text}`, checked against its image.

    Raises MaskRefused (`mask_broken`, `mask_wrong_size`, `roi_too_small`), naming the field `segmentation`.
    """
    height, width = segmentation["size"]
    if (height, width) != (image.height, image.width):
        detail = (
            f"The mask is {width} x {height} pixels, its image (upright) {image.width} x {image.height}: "
            "draw it on this image at its full size."
        )
        raise MaskRefused(detail, code="mask_wrong_size", fields={"segmentation": [detail]})
    try:
        mask = mask_from_compressed(segmentation["counts"], height=height, width=width)
        check_area(mask)
    except MaskRefused as refusal:
        raise MaskRefused(refusal.detail, code=refusal.code, fields={"segmentation": [refusal.detail]}) from None
    return mask


@transaction.atomic
def add_rois(*, study_id: int, rois: Sequence[NewROI], user_id: int | None) -> list[bool]:
    """Add ROIs to images of the study; for each, whether it is new.

    One mask is one ROI: the same pixels of the same image are known, whatever their level or name, and stay as they are.
    """
    study = lock_content(study_id)
    known = set(
        ROI.objects.filter(
            study_roi__study_id=study_id,
            image_id__in={roi.image_id for roi in rois},
            mask_sha256__in={roi.mask.sha256 for roi in rois},
        ).values_list("image_id", "mask_sha256")
    )
    new: list[ROI] = []
    is_new: list[bool] = []
    for incoming in rois:
        identity = (incoming.image_id, incoming.mask.sha256)
        is_new.append(identity not in known)
        if identity not in known:
            known.add(identity)
            new.append(_row(incoming, user_id))
    ROI.objects.bulk_create(new)
    StudyROI.objects.bulk_create(_places(study, new))
    if new:
        regions_changed.send(Study, study=study)
    return is_new


def _row(incoming: NewROI, user_id: int | None) -> ROI:
    mask = incoming.mask
    x, y, w, h = mask.bbox
    return ROI(
        image_id=incoming.image_id,
        level=incoming.level,
        name=incoming.name,
        counts=mask.counts,
        mask_sha256=mask.sha256,
        x=x,
        y=y,
        w=w,
        h=h,
        area=mask.area,
        provenance=dict(incoming.provenance),
        created_by_id=user_id,
    )


def _places(study: Study, rois: Iterable[ROI]) -> list[StudyROI]:
    return [
        StudyROI(
            study=study,
            roi=roi,
            image_id=roi.image_id,
            shuffle_key=secrets.randbelow(StudyROI.SHUFFLE_KEYS),
            raters_wanted=study.raters_per_roi,
        )
        for roi in rois
    ]


def visible_rois(user: User) -> QuerySet[StudyROI]:
    """Every ROI this person may see: all of a study for its staff, their own for annotators who draw."""
    held = Membership.objects.filter(user=user)
    staffed = held.filter(role__in=STAFF).values("study_id")
    drawn_in = held.filter(role=Role.ANNOTATOR, study__annotators_draw=True).values("study_id")
    rows = StudyROI.objects.filter(Q(study_id__in=staffed) | Q(study_id__in=drawn_in, roi__created_by=user))
    return with_untouched(rows).select_related("roi", "study", "image")


def visible_roi(*, user: User, roi_id: UUID) -> StudyROI:
    """One of them. Raises NotFound (`roi_not_found`)."""
    visible = visible_rois(user).filter(roi_id=roi_id).first()
    if visible is None:
        raise NotFound(f"There is no ROI {roi_id} that you may see.", code="roi_not_found")
    return visible


def may_draw(*, user: User, study: Study) -> None:
    """Raises NotAllowed for an annotator of a study in which annotators do not draw."""
    if roles_in(user=user, study=study).isdisjoint(STAFF) and not study.annotators_draw:
        raise NotAllowed("In this study annotators rate; admins and ML engineers draw the ROIs.", code="drawing_closed")


def image_to_draw_on(*, user: User, image_id: UUID) -> tuple[Image, Study]:
    """The image and a study in which this person may draw on it, one with a segmentation model if there is one.

    Raises NotFound, NotAllowed (`drawing_closed`).
    """
    image = image_for(user=user, image_id=image_id)
    held = Membership.objects.filter(user=user)
    open_to = Q(memberships__in=held.filter(role__in=STAFF)) | Q(
        memberships__in=held.filter(role=Role.ANNOTATOR), annotators_draw=True
    )
    studies = Study.objects.filter(open_to, study_images__image=image).alias(plain=Q(segmentation_model=REGION_TREE))
    study = studies.order_by("plain", "pk").first()
    if study is None:
        raise NotAllowed("In this study annotators rate; admins and ML engineers draw the ROIs.", code="drawing_closed")
    return image, study


@transaction.atomic
def create_roi(*, user: User, study: Study, roi: NewROI) -> StudyROI:
    """One drawn ROI. Raises NotAllowed, NotFound (`image_not_found`), Conflict (`roi_exists`, `study_closed`)."""
    may_draw(user=user, study=study)
    locked = lock_content(study.pk)
    if not StudyImage.objects.filter(study=study, image_id=roi.image_id).exists():
        raise NotFound(f"The image {roi.image_id} is not in {study.slug!r}.", code="image_not_found")
    same = visible_rois(user).filter(study=study, image_id=roi.image_id, roi__mask_sha256=roi.mask.sha256).first()
    if same is not None:
        raise Conflict(
            "This very region is there already: change the other one, or draw a different one.",
            code="roi_exists",
            extra={"roi": str(same.roi_id)},
        )
    row = _row(roi, user.pk)
    row.save(force_insert=True)
    StudyROI.objects.bulk_create(_places(locked, [row]))
    regions_changed.send(Study, study=locked)
    return visible_rois(user).get(roi=row)


def is_editable(study_roi: StudyROI, *, user: User, roles: Iterable[str], untouched: bool) -> bool:
    """Whether this person may change this ROI. For annotators it depends on the clock alone, never on other raters."""
    own = study_roi.roi.created_by_id == user.pk
    held = set(roles)
    if Role.ADMIN in held or (Role.ML_ENGINEER in held and own):
        return untouched
    return own and study_roi.study.annotators_draw and _is_recent(study_roi)


def _is_recent(study_roi: StudyROI) -> bool:
    return timezone.now() - study_roi.roi.created_at < ANNOTATOR_EDIT_TIME


@transaction.atomic
def edit_roi(
    *, user: User, roi_id: UUID, level: Level | None = None, name: str | None = None, segmentation: Any = None
) -> StudyROI:
    """Change an ROI. Its mask and level only while nobody has rated or is rating it; its name at any time (staff).

    Raises NotFound, NotAllowed, Conflict (`roi_has_ratings` to staff, `roi_locked` to annotators, `roi_exists`).
    """
    study_roi = _locked(user, roi_id)
    roi = study_roi.roi
    shows_to_raters = segmentation is not None or (level is not None and level != roi.level)
    _require_change(study_roi, user, needs_untouched=shows_to_raters)
    before = {"level": roi.level, "name": roi.name, "mask_sha256": roi.mask_sha256}
    if segmentation is not None:
        mask = mask_of_image(segmentation, study_roi.image)
        _refuse_double(study_roi, mask, user)
        roi.counts, roi.mask_sha256, roi.area = mask.counts, mask.sha256, mask.area
        roi.x, roi.y, roi.w, roi.h = mask.bbox
    roi.level = roi.level if level is None else level
    roi.name = roi.name if name is None else name
    roi.save()
    if segmentation is not None:
        regions_changed.send(Study, study=study_roi.study)
    audit.record(
        actor_id=user.pk, action="roi_changed", study_slug=study_roi.study.slug, target=str(roi_id), before=before
    )
    return visible_rois(user).get(roi=roi)


def _refuse_double(study_roi: StudyROI, mask: Mask, user: User) -> None:
    others = visible_rois(user).filter(study=study_roi.study_id, image=study_roi.image_id).exclude(pk=study_roi.pk)
    if others.filter(roi__mask_sha256=mask.sha256).exists():
        raise Conflict("Another ROI of this image has exactly this region.", code="roi_exists")


@transaction.atomic
def delete_roi(*, user: User, roi_id: UUID) -> None:
    """Delete an ROI that nobody has rated or is rating. Raises as `edit_roi` does."""
    study_roi = _locked(user, roi_id)
    _require_change(study_roi, user, needs_untouched=True)
    try:
        delete_rois([study_roi])
    except ProtectedError:
        raise _locked_refusal(staff=True) from None
    audit.record(
        actor_id=user.pk,
        action="roi_deleted",
        study_slug=study_roi.study.slug,
        target=str(roi_id),
        image=str(study_roi.image_id),
        name=study_roi.roi.name,
    )


def _locked(user: User, roi_id: UUID) -> StudyROI:
    """The ROI's row, locked against claims, if this person may see it. Raises NotFound (`roi_not_found`)."""
    visible = visible_roi(user=user, roi_id=roi_id)
    lock_content(visible.study_id)
    rows = StudyROI.objects.select_for_update(of=("self",)).select_related("roi", "study", "image")
    locked = rows.filter(pk=visible.pk).first()
    if locked is None:
        # Deleted while this request waited for the lock.
        return visible_roi(user=user, roi_id=roi_id)
    return locked


def _require_change(study_roi: StudyROI, user: User, *, needs_untouched: bool) -> None:
    if study_roi.is_gold:
        raise Conflict("This ROI is a gold: unmark or remove it among the study's golds first.", code="roi_is_gold")
    roles = roles_in(user=user, study=study_roi.study)
    staff = not roles.isdisjoint(STAFF)
    own = study_roi.roi.created_by_id == user.pk
    touched = active_claims(study_roi) or held_by_rooms_above(StudyROI.objects.filter(pk=study_roi.pk)).exists()
    if not staff:
        if touched or not _is_recent(study_roi):
            raise _locked_refusal(staff=False)
        return
    if Role.ADMIN not in roles and not own:
        raise NotAllowed("Another person drew this ROI: ask an admin of the study to change it.")
    if needs_untouched and touched:
        raise _locked_refusal(staff=True)


def _locked_refusal(*, staff: bool) -> Conflict:
    if staff:
        return Conflict(
            "This ROI is rated or being rated at this moment: its region and level stay, and so does the ROI.",
            code="roi_has_ratings",
        )
    return Conflict("This ROI can no longer be changed by you: ask an admin of the study.", code="roi_locked")


def study_with(*, user: User, image: Image, slug: str) -> Study:
    """The study, if this person is a member and it has the image. Raises NotFound (`study_not_found`)."""
    study = Study.objects.filter(slug=slug, study_images__image=image, memberships__user=user).distinct().first()
    if study is None:
        raise NotFound(f"There is no study {slug!r} of yours with this image.", code="study_not_found")
    return study
