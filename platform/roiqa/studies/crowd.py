"""People whom a crowd platform sends: in by a link with the platform's id of them, which lives in one table and not long."""

import secrets
from collections.abc import Mapping
from datetime import date
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import audit
from roiqa.core.errors import Conflict
from roiqa.studies.models import Membership, Role, Study
from roiqa.studies.qualification_errors import CrowdLinkNotFound, ExternalIdMissing
from roiqa.studies.qualification_models import CrowdLink, CrowdPlace, ExternalId

ID_LENGTH = 200


@transaction.atomic
def make_link(
    *,
    study: Study,
    by: User,
    name: str,
    id_parameter: str,
    other_parameters: list[str],
    rois_wanted: int,
    completion_code: str,
    completion_url: str,
    max_people: int,
    purge_on: date,
) -> CrowdLink:
    """A new entry for people of one platform. Without a code one is made up."""
    link = CrowdLink.objects.create(
        study=study,
        name=name,
        id_parameter=id_parameter,
        other_parameters=other_parameters,
        rois_wanted=rois_wanted,
        completion_code=completion_code or secrets.token_hex(5).upper(),
        completion_url=completion_url,
        max_people=max_people,
        purge_on=purge_on,
        created_by=by,
    )
    audit.record(actor_id=by.pk, action="crowd_link_made", study_slug=study.slug, target=str(link.pk), name=name)
    return link


@transaction.atomic
def close_link(*, link: CrowdLink, by: User, closed: bool) -> CrowdLink:
    """Let nobody new in any more, or again. Who is in already can come back while the ids are kept."""
    link.closed_at = timezone.now() if closed else None
    link.save(update_fields=["closed_at"])
    audit.record(
        actor_id=by.pk,
        action="crowd_link_closed" if closed else "crowd_link_opened",
        study_slug=link.study.slug,
        target=str(link.pk),
    )
    return link


def link_of(*, study: Study, link_id: UUID) -> CrowdLink:
    """Raises CrowdLinkNotFound."""
    link = CrowdLink.objects.select_related("study").filter(study=study, pk=link_id).first()
    if link is None:
        raise CrowdLinkNotFound
    return link


def open_link(*, token: str) -> CrowdLink:
    """The link as long as anybody can use it. Raises CrowdLinkNotFound."""
    link = CrowdLink.objects.select_related("study").filter(token=token, purged_at=None).first()
    if link is None:
        raise CrowdLinkNotFound
    return link


@transaction.atomic
def enter(*, token: str, parameters: Mapping[str, str], signed_in_as: User | None) -> User:
    """Let somebody in: with an account of its own the first time, with the same one when they come again.

    Such an account has no password and no name but a random one, and only this study.
    Raises CrowdLinkNotFound, ExternalIdMissing, Conflict (`signed_in_already`) for somebody signed in as another.
    """
    link = open_link(token=token)
    external_id = parameters.get(link.id_parameter, "").strip()[:ID_LENGTH]
    if not external_id:
        raise ExternalIdMissing(link.id_parameter)
    known = (
        ExternalId.objects.select_related("place__membership__user").filter(link=link, external_id=external_id).first()
    )
    person = known.place.membership.user if known else None
    if signed_in_as is not None and signed_in_as != person:
        raise Conflict(
            f"You are signed in as {signed_in_as.username!r}: sign out first, then open the link again.",
            code="signed_in_already",
        )
    if person is not None:
        return person
    CrowdLink.objects.select_for_update(no_key=True).get(pk=link.pk)
    if link.closed_at is not None or CrowdPlace.objects.filter(link=link).count() >= link.max_people:
        raise CrowdLinkNotFound
    others = {name: parameters.get(name, "")[:ID_LENGTH] for name in link.other_parameters}
    try:
        with transaction.atomic():
            return _new_person(link, external_id, others)
    except IntegrityError:
        # The same person, twice at once.
        return ExternalId.objects.get(link=link, external_id=external_id).place.membership.user


def _new_person(link: CrowdLink, external_id: str, others: dict[str, str]) -> User:
    user = User(username=f"crowd-{secrets.token_hex(6)}")
    user.set_unusable_password()
    user.save()
    membership = Membership.objects.create(study=link.study, user=user, role=Role.ANNOTATOR)
    place = CrowdPlace.objects.create(membership=membership, link=link)
    ExternalId.objects.create(place=place, link=link, external_id=external_id, others=others)
    audit.record(
        actor_id=user.pk,
        action="crowd_entered",
        study_slug=link.study.slug,
        target=str(membership.pk),
        link=str(link.pk),
    )
    return user


@transaction.atomic
def purge(*, today: date | None = None) -> int:
    """Delete the external ids of every link whose day has come; answers how many. The people's answers stay."""
    today = today or timezone.localdate()
    due = list(CrowdLink.objects.select_for_update(no_key=True).filter(purged_at=None, purge_on__lte=today))
    removed, _ = ExternalId.objects.filter(link__in=due).delete()
    for link in due:
        link.purged_at = timezone.now()
        link.closed_at = link.closed_at or link.purged_at
        link.save(update_fields=["purged_at", "closed_at"])
        audit.record(
            actor_id=None, action="external_ids_purged", study_slug=link.study.slug, target=str(link.pk), ids=removed
        )
    return removed
