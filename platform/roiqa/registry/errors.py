"""What the registry refuses."""

from typing import Any
from uuid import UUID

from roiqa.core.errors import Conflict, Invalid, NotFound


class ModelNotFound(NotFound):
    default_code = "model_not_found"

    def __init__(self, model_id: UUID) -> None:
        super().__init__(f"There is no model {model_id} that you may see.")


class WeightsRefused(Invalid):
    """A folder of weights that is incomplete, altered, or holds what is never loaded."""

    default_code = "weights_refused"


class ShippedNotFound(NotFound):
    default_code = "shipped_network_not_found"

    def __init__(self, name: str, known: list[str]) -> None:
        there = f"there are {', '.join(known)}" if known else "this installation has none"
        super().__init__(f"No network {name!r} ships with this installation: {there}.")


class OtherStudy(Conflict):
    default_code = "other_study"

    def __init__(self) -> None:
        super().__init__("The two models belong to different studies: compare models of one study.")


class ComparisonMissing(Conflict):
    default_code = "comparison_missing"

    def __init__(self, *, candidate: int, serving: int, serving_id: UUID) -> None:
        super().__init__(
            f"Model {candidate} was not compared with model {serving}, which is serving: compare them on the test split, "
            "or promote it with a reason.",
            extra={"serving": str(serving_id)},
        )


class Worse(Conflict):
    default_code = "worse"

    def __init__(self, *, candidate: int, serving: int, metrics: list[str], comparison: dict[str, Any]) -> None:
        super().__init__(
            f"Model {candidate} is worse than model {serving}, which is serving, in {' and '.join(metrics)}: keep the one "
            "that serves, or promote this one with a reason.",
            extra={"metrics": metrics, "comparison": comparison},
        )


class NothingToRollBack(Conflict):
    default_code = "nothing_to_roll_back"

    def __init__(self) -> None:
        super().__init__("No model is serving in this study: there is nothing to roll back.")
