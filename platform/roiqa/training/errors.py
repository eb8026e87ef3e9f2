"""What can be refused about training runs."""

from collections.abc import Mapping

from roiqa.core.errors import Conflict, Invalid, NotAllowed, NotFound


class RunNotFound(NotFound):
    default_code = "training_run_not_found"

    def __init__(self, run: object) -> None:
        super().__init__(f"There is no training run {run} that you may see.")


class BadRun(Invalid):
    """One or more fields of a run that cannot be trained: each is named with what is allowed."""

    default_code = "bad_run"

    def __init__(self, problems: Mapping[str, str]) -> None:
        first = next(iter(problems.values()))
        super().__init__(first, fields={name: [text] for name, text in problems.items()})


class RunFinished(Conflict):
    default_code = "training_run_finished"

    def __init__(self, *, number: int, state: str) -> None:
        super().__init__(f"Run {number} is {state} already: there is nothing to stop.")


class NotResumable(Conflict):
    default_code = "training_run_not_resumable"

    def __init__(self, *, number: int, state: str) -> None:
        super().__init__(f"Run {number} is {state}: only a cancelled or failed run can go on.")


class SameRunElsewhere(Conflict):
    default_code = "training_run_replaced"

    def __init__(self, *, number: int, other: int) -> None:
        super().__init__(
            f"Run {other} trains on the same data with the same settings as run {number}: follow that one."
        )


class TrainingFailed(Conflict):
    """What the training itself said when it gave up."""

    default_code = "training_failed"


class PromotionNeedsAdmin(NotAllowed):
    default_code = "admin_needed"

    def __init__(self) -> None:
        super().__init__("Only an admin of the study can let models be promoted by themselves.")
