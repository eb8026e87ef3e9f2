"""Who is asking: a session cookie (the interface) or `Authorization: Token ...` (programs)."""

from datetime import timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.utils import timezone
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from roiqa.accounts.errors import CSRFFailed
from roiqa.accounts.models import ApiToken, User
from roiqa.accounts.tokens import digest_of
from roiqa.core import rows
from roiqa.core.errors import NotSignedIn

_TOKEN_WITH_USER = f"""
SELECT {rows.columns(ApiToken, "t")}, {rows.columns(User, "u")}
FROM accounts_apitoken t JOIN accounts_user u ON u.id = t.user_id
WHERE t.digest = %s AND t.expires_at > %s AND u.is_active
"""  # noqa: S608  (made of column names)


def signed_in(user: User | AnonymousUser) -> User:
    """The user as a User. Views behind IsAuthenticated never see the refusal."""
    if isinstance(user, User):
        return user
    raise NotSignedIn("Sign in first.")


class SessionAuthentication(authentication.SessionAuthentication):
    def authenticate_header(self, request: Request) -> str:
        # With a challenge DRF answers 401 instead of 403, which is how the page knows that the log-in has run out.
        return "Session"

    def enforce_csrf(self, request: Request) -> None:
        """Raises CSRFFailed unless the request carries the token of its own cookie."""
        try:
            super().enforce_csrf(request)
        except exceptions.PermissionDenied:
            raise CSRFFailed from None


class TokenAuthentication(authentication.BaseAuthentication):
    keyword = "Token"

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The token's user; None when there is no such header. Raises AuthenticationFailed for a bad token."""
        parts = authentication.get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"token":
            return None
        if len(parts) != 2:
            raise exceptions.AuthenticationFailed("Send the header as 'Authorization: Token <token>'.")
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(_TOKEN_WITH_USER, [digest_of(parts[1].decode("latin-1")), now])
            row = cursor.fetchone()
        if row is None:
            raise exceptions.AuthenticationFailed("This token is unknown, revoked or expired: make a new one.")
        token, token.user = rows.instances(row, ApiToken, User)
        if token.last_used_at is None or now - token.last_used_at > timedelta(minutes=5):
            ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        return self.keyword
