"""A slow, independent reading of the paper's label rules with exact fractions: the judge of the fast one.

Written from arXiv 2411.10161, section 3.2, alone; it shares no code with `roiqa.consensus.rules`.
"""

from dataclasses import dataclass
from fractions import Fraction

NONEXISTENT = 5


@dataclass(frozen=True)
class DistortionAnswer:
    present: bool
    tie: bool
    severity: Fraction | None
    level: int | None


def level_by_equation_1(score: Fraction, maximum: int) -> int:
    """K(s) = k_i if M*i/5 < s <= M*(i+1)/5; the paper leaves s = 0 and s > M open: they join the end bins."""
    for i in range(5):
        if Fraction(maximum * i, 5) < score <= Fraction(maximum * (i + 1), 5):
            return i
    return 0 if score <= 0 else 4


def mean(votes: list[int]) -> Fraction:
    return sum((Fraction(vote) for vote in votes), Fraction(0)) / len(votes)


def label_distortion(votes: list[int], ruleset: str) -> DistortionAnswer:
    nonexistent = [vote for vote in votes if vote == NONEXISTENT]
    seen = [vote for vote in votes if vote != NONEXISTENT]
    half = Fraction(len(votes), 2)
    if len(nonexistent) > half:
        return DistortionAnswer(present=False, tie=False, severity=None, level=None)
    averaged, maximum = {"anchor-v1": (seen, 4), "literal-v1": (votes, 5)}[ruleset]
    severity = mean(averaged)
    return DistortionAnswer(
        present=True, tie=len(nonexistent) == half, severity=severity, level=level_by_equation_1(severity, maximum)
    )
