"""What can be refused about studies, members and invites."""

from collections.abc import Sequence

from roiqa.core.errors import Conflict, Invalid, NotAllowed, NotFound


class MayNotCreateStudies(NotAllowed):
    default_code = "may_not_create_studies"

    def __init__(self) -> None:
        super().__init__("You may not make studies: ask whoever runs this installation for that right.")


class SlugTaken(Conflict):
    default_code = "slug_taken"

    def __init__(self, slug: str) -> None:
        detail = f"There is a study with the address {slug!r} already: choose another."
        super().__init__(detail, fields={"slug": [detail]})


class RatersCannotShrink(Conflict):
    default_code = "raters_cannot_shrink"

    def __init__(self, *, wanted: int, present: int) -> None:
        detail = (
            f"{wanted} raters per ROI is fewer than the present {present}, and rating has begun: "
            f"choose {present} or more."
        )
        super().__init__(detail, fields={"raters_per_roi": [detail]})


class ModeIsFixed(Conflict):
    default_code = "mode_is_fixed"

    def __init__(self, fields: Sequence[str]) -> None:
        detail = (
            f"{', '.join(fields)}: rating has begun, and votes given in different ways must not be mixed. "
            "Make a new study to rate in another way."
        )
        super().__init__(detail, fields={name: [detail] for name in fields})


class MemberNotFound(NotFound):
    default_code = "member_not_found"

    def __init__(self, *, member: object, slug: str) -> None:
        super().__init__(f"There is no member {str(member)!r} in {slug!r}: people join by an invite.")


class AlreadyMember(Conflict):
    default_code = "already_member"

    def __init__(self, *, username: str, role: str, slug: str) -> None:
        super().__init__(f"{username!r} is {role} of {slug!r} already.")


class LastAdmin(Conflict):
    default_code = "last_admin"

    def __init__(self, slug: str) -> None:
        super().__init__(f"This is the last admin of {slug!r}: make somebody else admin first.")


class MemberHasAnswers(Conflict):
    default_code = "member_has_answers"

    def __init__(self, username: str) -> None:
        super().__init__(
            f"{username!r} has had ROIs to rate, and the answers keep belonging to this member: exclude instead."
        )


class UserNotFound(NotFound):
    default_code = "user_not_found"

    def __init__(self, username: str) -> None:
        super().__init__(f"There is no account {username!r}: make it with `manage.py create_user` first.")


class InviteNotFound(NotFound):
    """Unknown, run out, used up or taken back: they look alike."""

    default_code = "invite_not_found"

    def __init__(self) -> None:
        super().__init__("This invite is unknown, has run out or is used up: ask the study's admin for a new one.")


class CredentialsNeeded(Invalid):
    default_code = "credentials_needed"

    def __init__(self, missing: list[str]) -> None:
        super().__init__(
            "Choose a user name and a password, or sign in first if you have an account.",
            fields={name: ["Required to make an account."] for name in missing},
        )


class SignedInAlready(Invalid):
    default_code = "signed_in_already"

    def __init__(self, username: str, given: list[str]) -> None:
        detail = f"You are signed in as {username!r}, who joins: send no user name and no password, or sign out first."
        super().__init__(detail, fields={name: [detail] for name in given})


class JobNotFound(NotFound):
    default_code = "job_not_found"

    def __init__(self, job_id: object) -> None:
        super().__init__(f"There is no job {job_id} that you may see.")
