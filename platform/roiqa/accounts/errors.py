"""What can be refused about people and their keys."""

from collections.abc import Sequence

from roiqa.core.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn


class WrongCredentials(NotSignedIn):
    """Says nothing of whether the name, the password or the account's state was at fault."""

    default_code = "wrong_credentials"

    def __init__(self) -> None:
        super().__init__("No active account has this user name and password: check both.")


class CSRFFailed(NotAllowed):
    default_code = "csrf_failed"

    def __init__(self) -> None:
        super().__init__("The page's security token is missing or old: reload the page and try again.")


class UsernameTaken(Conflict):
    default_code = "username_taken"

    def __init__(self, username: str) -> None:
        detail = f"The user name {username!r} is taken: choose another, or sign in first if it is yours."
        super().__init__(detail, fields={"username": [detail]})


class UsernameUnfit(Invalid):
    default_code = "username_unfit"

    def __init__(self, username: str) -> None:
        detail = f"The user name {username!r} holds other signs than letters, digits and @.+-_: leave them out."
        super().__init__(detail, fields={"username": [detail]})


class PasswordTooWeak(Invalid):
    default_code = "password_too_weak"

    def __init__(self, reasons: Sequence[str], *, field: str) -> None:
        super().__init__(" ".join(reasons), fields={field: list(reasons)})


class WrongOldPassword(Invalid):
    default_code = "wrong_old_password"

    def __init__(self) -> None:
        detail = "This is not your present password: type it again."
        super().__init__(detail, fields={"old_password": [detail]})


class WrongPassword(Invalid):
    default_code = "wrong_password"

    def __init__(self) -> None:
        detail = "This is not your password: type it again."
        super().__init__(detail, fields={"password": [detail]})


class TokenNotFound(NotFound):
    default_code = "token_not_found"

    def __init__(self, token_id: object) -> None:
        super().__init__(f"You have no token {token_id}.")


class TooManyTokens(Conflict):
    default_code = "too_many_tokens"

    def __init__(self, limit: int) -> None:
        super().__init__(f"You have {limit} tokens, which is the most one person can have: delete one first.")
