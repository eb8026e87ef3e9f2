"""Reading a study's images."""

from uuid import UUID

from django.db.models import Count, Exists, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from roiqa.accounts.models import User
from roiqa.core.errors import NotFound
from roiqa.studies.access import STAFF, studies_visible_to
from roiqa.studies.models import Membership, Study, StudyImage, StudyROI


def images_of(
    study: Study, *, counts: bool, split: str | None = None, has_rois: bool | None = None
) -> QuerySet[StudyImage]:
    """The study's images but those made for golds, filtered, with `roi_count` (None unless `counts`)."""
    rows = StudyImage.objects.filter(study=study, for_gold=False).select_related("image")
    if split is not None:
        rows = rows.filter(image__split=split)
    if has_rois is not None:
        drawn = Exists(StudyROI.objects.filter(study=study, image=OuterRef("image_id"), is_gold=False))
        rows = rows.filter(drawn if has_rois else ~drawn)
    return rows.annotate(roi_count=_roi_count() if counts else Value(None, output_field=IntegerField()))


def place_of(*, user: User, image_id: UUID) -> StudyImage:
    """The image as this person meets it: in a study they are staff of if there is one, else in any of theirs.

    Raises NotFound (`image_not_found`).
    """
    staffed = Membership.objects.filter(user=user, study=OuterRef("study_id"), role__in=STAFF)
    rows = (
        StudyImage.objects.filter(image_id=image_id, study__in=studies_visible_to(user))
        .select_related("image", "study")
        .annotate(as_staff=Exists(staffed), roi_count=_roi_count())
        .order_by("-as_staff", "pk")
    )
    place = rows.first()
    if place is None:
        raise NotFound(f"There is no image {image_id} that you may see.", code="image_not_found")
    if not place.as_staff:
        place.roi_count = None
        # A name can tell what is wrong with a picture, or that it is not like the others; only who draws needs one.
        if not place.study.annotators_draw:
            place.file_name = ""
    return place


def slugs_with(*, user: User, image_id: UUID) -> list[str]:
    """The studies of this person that have the image."""
    studies = studies_visible_to(user).filter(study_images__image_id=image_id)
    return sorted(studies.values_list("slug", flat=True))


def _roi_count() -> Coalesce:
    rois = StudyROI.objects.filter(study=OuterRef("study_id"), image=OuterRef("image_id"), is_gold=False).order_by()
    counted = rois.values("image").annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)
