"""What can be refused about consent, viewing checks, training, quiz and crowd links."""

from roiqa.core.errors import Conflict, Invalid, NotFound


class QualificationRequired(Conflict):
    """`next` names the step: "consent", "viewing_check", "training" or "quiz"."""

    default_code = "qualification_required"

    WORDS = {
        "consent": "read what the study tells you and agree to it",
        "viewing_check": "check the screen that you rate on",
        "training": "do the training",
        "quiz": "pass the quiz",
    }

    def __init__(self, step: str) -> None:
        super().__init__(f"Before you rate here, {self.WORDS[step]}.", extra={"next": step})


class ConsentOutdated(Conflict):
    default_code = "consent_outdated"

    def __init__(self, *, sent: int, present: int) -> None:
        super().__init__(f"You have read version {sent} of the text, but version {present} holds: read it again.")


class NothingToAgree(Conflict):
    default_code = "nothing_to_agree"

    def __init__(self, slug: str) -> None:
        super().__init__(f"The study {slug!r} asks for no consent.")


class RulesIncomplete(Invalid):
    default_code = "rules_incomplete"

    def __init__(self, field: str, detail: str) -> None:
        super().__init__(detail, fields={field: [detail]})


class TooManyChecks(Conflict):
    default_code = "too_many_checks"

    def __init__(self, limit: int) -> None:
        super().__init__(
            f"You have begun {limit} viewing checks since yesterday: come back tomorrow, or ask the admin."
        )


class CheckNotFound(NotFound):
    default_code = "viewing_check_not_found"

    def __init__(self) -> None:
        super().__init__("There is no such viewing check of yours: begin a new one.")


class CheckOver(Conflict):
    default_code = "viewing_check_over"

    def __init__(self) -> None:
        super().__init__("This viewing check has been answered: begin a new one.")


class ItemNotFound(NotFound):
    default_code = "training_item_not_found"

    def __init__(self, item_id: object) -> None:
        super().__init__(f"There is no training item {item_id} here.")


class NoTriesLeft(Conflict):
    default_code = "no_tries_left"

    def __init__(self, tries: int) -> None:
        super().__init__(f"You have used your {tries} tries at the quiz: ask the study's admin for another.")


class QuizPassed(Conflict):
    default_code = "quiz_passed"

    def __init__(self) -> None:
        super().__init__("You have passed the quiz already.")


class ItemUnfit(Conflict):
    """An ROI that cannot be a training item, or an item that must stay."""

    default_code = "training_item_unfit"


class CrowdLinkNotFound(NotFound):
    """Unknown, closed, full or over: they look alike."""

    default_code = "crowd_link_not_found"

    def __init__(self) -> None:
        super().__init__("This link is unknown, closed or full: return to the platform that sent you.")


class ExternalIdMissing(Invalid):
    default_code = "external_id_missing"

    def __init__(self, parameter: str) -> None:
        detail = f"The address lacks {parameter}: open the study by the link on your platform's page."
        super().__init__(detail, fields={parameter: [detail]})
