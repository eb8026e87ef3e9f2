"""Changes to people and their keys: each in one transaction, with its line in the audit log."""

from uuid import UUID

from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone

from roiqa.accounts.errors import (
    PasswordTooWeak,
    TokenNotFound,
    TooManyTokens,
    UsernameTaken,
    UsernameUnfit,
    WrongCredentials,
    WrongOldPassword,
    WrongPassword,
)
from roiqa.accounts.models import ApiToken, User
from roiqa.accounts.tokens import digest_of, new_secret
from roiqa.core import audit

MAX_TOKENS = 50


def person_with(*, request: HttpRequest, username: str, password: str) -> User:
    """The active person with this name and password. Raises WrongCredentials, whatever of it is wrong."""
    user = authenticate(request, username=username, password=password)
    if not isinstance(user, User):
        raise WrongCredentials
    return user


@transaction.atomic
def create_user(
    *,
    username: str,
    password: str,
    by: User | None = None,
    can_create_studies: bool = False,
    is_superuser: bool = False,
) -> User:
    """A new account. Raises UsernameUnfit, UsernameTaken (letter case does not tell names apart), PasswordTooWeak."""
    username = User.normalize_username(username)
    user = User(
        username=username, can_create_studies=can_create_studies, is_superuser=is_superuser, is_staff=is_superuser
    )
    try:
        User._meta.get_field("username").run_validators(username)
    except ValidationError:
        raise UsernameUnfit(username) from None
    if User.objects.filter(username__iexact=username).exists():
        raise UsernameTaken(username)
    _refuse_weak(password, user=user, field="password")
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise UsernameTaken(username) from None
    audit.record(actor_id=by.pk if by else user.pk, action="account_created", target=username)
    return user


@transaction.atomic
def change_password(*, user: User, old_password: str, new_password: str) -> None:
    """Set a new password. Sessions elsewhere end by themselves; API tokens stay, each can be deleted on its own.

    Raises WrongOldPassword, PasswordTooWeak.
    """
    if not user.check_password(old_password):
        raise WrongOldPassword
    _refuse_weak(new_password, user=user, field="new_password")
    user.set_password(new_password)
    user.save(update_fields=["password"])
    audit.record(actor_id=user.pk, action="password_changed", target=user.username)


def require_password(*, user: User, password: str) -> None:
    """Have somebody who is signed in prove once more who they are, if they have a password. Raises WrongPassword."""
    if user.has_usable_password() and not user.check_password(password):
        raise WrongPassword


def _refuse_weak(password: str, *, user: User, field: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PasswordTooWeak(error.messages, field=field) from None


@transaction.atomic
def make_token(*, user: User, name: str) -> tuple[ApiToken, str]:
    """A new API token and its secret, which nobody can read again. Raises TooManyTokens."""
    # One person's tokens are made one by one, or two at once could pass the limit.
    User.objects.select_for_update(no_key=True).get(pk=user.pk)
    now = timezone.now()
    user.api_tokens.filter(expires_at__lte=now).delete()
    if user.api_tokens.count() >= MAX_TOKENS:
        raise TooManyTokens(MAX_TOKENS)
    secret = new_secret()
    token = ApiToken.objects.create(
        user=user, name=name, prefix=secret[:8], digest=digest_of(secret), expires_at=now + ApiToken.LIFETIME
    )
    audit.record(actor_id=user.pk, action="token_created", target=str(token.pk), name=name)
    return token, secret


@transaction.atomic
def revoke_token(*, user: User, token_id: UUID) -> None:
    """Delete one of the person's own tokens. Raises TokenNotFound."""
    deleted, _ = user.api_tokens.filter(pk=token_id).delete()
    if not deleted:
        raise TokenNotFound(token_id)
    audit.record(actor_id=user.pk, action="token_revoked", target=str(token_id))
