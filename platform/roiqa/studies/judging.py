"""Is an answer near enough to the reference? Plain rules, used in training and quiz only."""

from collections.abc import Mapping
from dataclasses import dataclass

from roiqa.core.scales import DISTORTIONS, SCALES

# Levels by which an answer may differ from the reference, as the P.910 toolkit has it for golds.
TOLERANCE = 1
# A reference of this severity or worse is plainly there: to miss it is to fail the item.
PLAIN = 3


@dataclass(frozen=True, slots=True)
class Verdict:
    """One scale: what was answered, what the reference says, and whether they are within TOLERANCE."""

    scale: str
    answer: int
    reference: int
    right: bool


def verdicts(*, answer: Mapping[str, int], reference: Mapping[str, int]) -> list[Verdict]:
    """One for every scale that the reference judges, in the order of the form."""
    return [
        Verdict(scale, answer[scale], reference[scale], abs(answer[scale] - reference[scale]) <= TOLERANCE)
        for scale in SCALES
        if scale in reference
    ]


def is_right(found: list[Verdict]) -> bool:
    """Every plain distortion and the quality right, and at most one of the other scales wrong.

    A share of right scales would pass whoever answers "nonexistent" everywhere, which most references mostly say.
    """
    telling = [v for v in found if v.scale == "quality" or (v.scale in DISTORTIONS and v.reference <= PLAIN)]
    others = [v for v in found if v not in telling]
    return all(v.right for v in telling) and sum(not v.right for v in others) <= 1


def passes(*, right: int, items: int, percent: int) -> bool:
    """Whether `right` of `items` reach the pass mark; in integers, so that 7 of 10 are exactly 70 %."""
    return items > 0 and right * 100 >= items * percent
