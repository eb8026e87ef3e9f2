"""Who may see and do what in a study: one rule for lists, details and writes."""

from collections.abc import Collection
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from roiqa.accounts.authentication import signed_in
from roiqa.accounts.models import User
from roiqa.core.errors import NotAllowed, NotFound
from roiqa.images.models import Image
from roiqa.studies.models import Membership, Role, Study, StudyROI

__all__ = [
    "EVERYONE",
    "STAFF",
    "image_for",
    "roles_in",
    "signed_in",
    "studies_visible_to",
    "study_for",
    "study_roi_for",
]

STAFF = (Role.ADMIN, Role.ML_ENGINEER)
EVERYONE = (Role.ANNOTATOR, Role.ADMIN, Role.ML_ENGINEER)


def studies_visible_to(user: User) -> QuerySet[Study]:
    return Study.objects.filter(memberships__user=user).distinct()


def roles_in(*, user: User, study: Study) -> set[str]:
    return set(Membership.objects.filter(user=user, study=study).values_list("role", flat=True))


def study_for(*, user: User | AnonymousUser, slug: str, roles: Collection[str] = EVERYONE) -> Study:
    """The study, if this person has one of the roles in it.

    Raises NotFound for a study that does not exist or that the person is no member of (the two look alike), and
    NotAllowed for a member without the role.
    """
    person = signed_in(user)
    study = Study.objects.filter(slug=slug).first()
    held = roles_in(user=person, study=study) if study else set()
    if study is None or not held:
        raise NotFound(f"There is no study {slug!r} that you are a member of.", code="study_not_found")
    if held.isdisjoint(roles):
        needed = " or ".join(sorted(str(role) for role in roles))
        raise NotAllowed(f"This needs the role {needed} in {slug!r}; you have {', '.join(sorted(held))}.")
    return study


def image_for(*, user: User | AnonymousUser, image_id: UUID, roles: Collection[str] = EVERYONE) -> Image:
    """The image, if it is in a study in which this person has one of the roles. Raises NotFound otherwise."""
    person = signed_in(user)
    image = (
        Image.objects.filter(
            pk=image_id,
            study_images__study__memberships__user=person,
            study_images__study__memberships__role__in=list(roles),
        )
        .distinct()
        .first()
    )
    if image is None:
        raise NotFound(f"There is no image {image_id} that you may see.", code="image_not_found")
    return image


def study_roi_for(*, user: User | AnonymousUser, roi_id: UUID, roles: Collection[str] = EVERYONE) -> StudyROI:
    """The ROI in its study, if this person has one of the roles there. Raises NotFound otherwise."""
    person = signed_in(user)
    study_roi = (
        StudyROI.objects.select_related("roi", "study", "image")
        .filter(roi_id=roi_id, study__memberships__user=person, study__memberships__role__in=list(roles))
        .first()
    )
    if study_roi is None:
        raise NotFound(f"There is no ROI {roi_id} that you may see.", code="roi_not_found")
    return study_roi
