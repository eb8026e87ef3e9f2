"""Domain errors: what went wrong, which field, and what to do. `core.http` gives each family its HTTP status."""

from collections.abc import Mapping, Sequence

Fields = Mapping[str, Sequence[str]]


class DomainError(Exception):
    """An expected refusal.

    `code` is stable snake_case for programs; `detail` is one sentence for people, holding the offending value and
    the remedy; `fields` maps a request field to its own sentences; `extra` is added to the JSON body.
    """

    default_code = "error"

    def __init__(
        self,
        detail: str,
        *,
        code: str | None = None,
        fields: Fields | None = None,
        extra: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code or self.default_code
        self.detail = detail
        self.fields: Fields = fields or {}
        self.extra: Mapping[str, object] = extra or {}


class Invalid(DomainError):
    """The request itself is wrong: change it."""

    default_code = "invalid"


class NotSignedIn(DomainError):
    """Nobody, or the wrong person, as far as can be told."""

    default_code = "not_authenticated"


class NotAllowed(DomainError):
    """The person may not do this."""

    default_code = "not_allowed"


class NotFound(DomainError):
    """It does not exist, or this person may not know that it does."""

    default_code = "not_found"


class Conflict(DomainError):
    """It cannot be done in the present state."""

    default_code = "conflict"


class TooLarge(DomainError):
    """The request is larger than the installation accepts."""

    default_code = "too_large"


class TooManyRequests(DomainError):
    """More than is served at a time: come back after `retry_after_seconds`."""

    default_code = "too_many_requests"

    def __init__(self, detail: str, *, retry_after_seconds: int, code: str | None = None) -> None:
        super().__init__(detail, code=code)
        self.retry_after_seconds = retry_after_seconds
