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
    """`note` says why there is none, where one was asked for."""

    default_code = "comparison_missing"

    def __init__(self, *, candidate: int, serving: int, serving_id: UUID, state: str, note: str) -> None:
        pair = f"model {serving}, which is serving"
        said = {
            "impossible": f"could not be compared with {pair}: {note} Or promote it with a reason.",
            "computing": f"is being compared with {pair}: wait for the outcome, or promote it with a reason.",
        }
        detail = said.get(state) or (
            f"was not compared with {pair}: compare them on the test split, or promote it with a reason."
        )
        super().__init__(f"Model {candidate} {detail}", extra={"serving": str(serving_id), "comparison_state": state})


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
