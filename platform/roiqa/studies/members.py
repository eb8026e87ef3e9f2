"""Who belongs to a study: roles are given and taken away, one row per role."""

from uuid import UUID

from django.db import IntegrityError, transaction

from roiqa.accounts.models import User
from roiqa.core import audit
from roiqa.studies.errors import AlreadyMember, LastAdmin, MemberHasAnswers, MemberNotFound, UserNotFound
from roiqa.studies.models import Membership, Role, Study


@transaction.atomic
def add_member(*, study: Study, username: str, role: str, by: User | None = None) -> Membership:
    """Make an account a member with this role. For the command line: over HTTP people join by an invite.

    Raises UserNotFound, AlreadyMember.
    """
    user = User.objects.filter(username=username).first()
    if user is None:
        raise UserNotFound(username)
    return _join(study=study, user=user, role=role, by=by)


@transaction.atomic
def give_role(*, study: Study, username: str, role: str, by: User) -> Membership:
    """Give a person who is a member already one more role.

    Only members can be named, so that nobody finds out here which accounts exist.
    Raises MemberNotFound, AlreadyMember.
    """
    held = Membership.objects.select_related("user").filter(study=study, user__username=username).first()
    if held is None:
        raise MemberNotFound(member=username, slug=study.slug)
    return _join(study=study, user=held.user, role=role, by=by)


def _join(*, study: Study, user: User, role: str, by: User | None) -> Membership:
    try:
        with transaction.atomic():
            membership = Membership.objects.create(study=study, user=user, role=role)
    except IntegrityError:
        raise AlreadyMember(username=user.username, role=role, slug=study.slug) from None
    audit.record(
        actor_id=by.pk if by else None,
        action="member_added",
        study_slug=study.slug,
        target=str(membership.pk),
        username=user.username,
        role=role,
    )
    return membership


@transaction.atomic
def remove_member(*, study: Study, member_id: UUID, by: User) -> None:
    """Take one role away from a person.

    An annotator who has had ROIs is excluded instead of removed: exports name the answers by this member's pseudonym.
    Raises MemberNotFound, LastAdmin, MemberHasAnswers.
    """
    # All admin rows are locked in one order, so that two admins cannot remove each other at the same moment.
    admins = list(
        Membership.objects.select_for_update()
        .filter(study=study, role=Role.ADMIN)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    membership = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(study=study, pk=member_id)
        .first()
    )
    if membership is None:
        raise MemberNotFound(member=member_id, slug=study.slug)
    if admins == [membership.pk]:
        raise LastAdmin(study.slug)
    if membership.claims_made:
        raise MemberHasAnswers(membership.user.username)
    membership.delete()
    audit.record(
        actor_id=by.pk,
        action="member_removed",
        study_slug=study.slug,
        target=str(member_id),
        username=membership.user.username,
        role=membership.role,
    )
