"""Joining by link: the token is shown once, its hash is kept."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from roiqa.accounts import services as accounts
from roiqa.accounts.models import User
from roiqa.accounts.tokens import digest_of, new_secret
from roiqa.core import audit
from roiqa.studies.errors import CredentialsNeeded, InviteNotFound, SignedInAlready
from roiqa.studies.models import Invite, Membership, Study


@transaction.atomic
def make_invite(*, study: Study, by: User, role: str, expires_in_days: int, max_uses: int) -> tuple[Invite, str]:
    """A new invite and its token, which nobody can read again."""
    token = new_secret()
    invite = Invite.objects.create(
        study=study,
        role=role,
        digest=digest_of(token),
        created_by=by,
        expires_at=timezone.now() + timedelta(days=expires_in_days),
        max_uses=max_uses,
    )
    audit.record(
        actor_id=by.pk, action="invite_made", study_slug=study.slug, target=str(invite.pk), role=role, max_uses=max_uses
    )
    return invite, token


@transaction.atomic
def revoke_invite(*, study: Study, invite_id: UUID, by: User) -> None:
    """Take an invite back. Who has joined by it stays. Raises InviteNotFound."""
    deleted, _ = Invite.objects.filter(study=study, pk=invite_id).delete()
    if not deleted:
        raise InviteNotFound
    audit.record(actor_id=by.pk, action="invite_revoked", study_slug=study.slug, target=str(invite_id))


def usable_invite(*, token: str) -> Invite:
    """The invite as long as it can still be accepted. Raises InviteNotFound."""
    invite = Invite.objects.select_related("study").filter(digest=digest_of(token)).first()
    if invite is None or invite.expires_at <= timezone.now() or invite.uses >= invite.max_uses:
        raise InviteNotFound
    return invite


@transaction.atomic
def accept_invite(*, token: str, user: User | None, username: str = "", password: str = "") -> User:
    """Join by an invite: as the signed-in person, or with a new account. Answers who joined.

    A member who accepts again changes nothing and uses nothing up, even when the invite is used up by now: the
    answer to the first request may have been lost.
    Raises InviteNotFound, CredentialsNeeded, SignedInAlready, UsernameTaken, UsernameUnfit, PasswordTooWeak.
    """
    given = {"username": username, "password": password}
    if user is None and not all(given.values()):
        raise CredentialsNeeded([name for name, value in given.items() if not value])
    if user is not None and any(given.values()):
        raise SignedInAlready(user.username, [name for name, value in given.items() if value])
    invite = (
        Invite.objects.select_for_update(of=("self",)).select_related("study").filter(digest=digest_of(token)).first()
    )
    if invite is None or invite.expires_at <= timezone.now():
        raise InviteNotFound
    if user is not None and Membership.objects.filter(study=invite.study, user=user, role=invite.role).exists():
        return user
    if invite.uses >= invite.max_uses:
        raise InviteNotFound
    person = user or accounts.create_user(username=username, password=password)
    membership, joined = Membership.objects.get_or_create(study=invite.study, user=person, role=invite.role)
    if not joined:
        return person
    invite.uses += 1
    invite.save(update_fields=["uses"])
    audit.record(
        actor_id=person.pk,
        action="invite_accepted",
        study_slug=invite.study.slug,
        target=str(membership.pk),
        invite=str(invite.pk),
        role=invite.role,
    )
    return person
