"""Which answers to a gold pass. Pure.

Of a gold that was made, the distortion put in is expected at moderate or worse (0 to 2) and every other at trivial or not
there (4, 5), both with a tolerance of one level, as the crowd toolkits of ITU-T P.910 have it. With the tolerance alone
"minor" everywhere would pass, so the distortion put in must also be the worst of the six in the answer.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from roiqa.core.errors import Invalid
from roiqa.core.scales import DISTORTIONS, NONEXISTENT, SCALES

PUT_IN_AT_MOST: Final = 2
OTHERS_AT_LEAST: Final = 4
TOLERANCE: Final = 1

Accepted = dict[str, list[int]]


def highest_level(scale: str) -> int:
    """5 (nonexistent) for a distortion; 4 for quality and importance."""
    return NONEXISTENT if scale in DISTORTIONS else 4


def accepted_with(distortion: str) -> Accepted:
    """The levels that pass where `distortion` was put in and nothing else; quality and importance are not checked."""
    put_in = list(range(PUT_IN_AT_MOST + TOLERANCE + 1))
    others = list(range(OTHERS_AT_LEAST - TOLERANCE, NONEXISTENT + 1))
    return {name: put_in if name == distortion else others for name in DISTORTIONS}


def check_accepted(accepted: Mapping[str, Sequence[int]]) -> Accepted:
    """The same in the order of the scales, levels sorted. Raises Invalid for what checks nothing or cannot be."""
    if not accepted:
        raise Invalid(
            "The gold accepts every answer: name the levels that pass on one scale at least.",
            code="gold_checks_nothing",
            fields={"accepted": ["Name one scale at least."]},
        )
    for scale, levels in accepted.items():
        if scale not in SCALES:
            _refuse(f"{scale!r} is no scale: use {', '.join(SCALES)}.")
        highest = highest_level(scale)
        if not levels or not set(levels) <= set(range(highest + 1)):
            _refuse(f"{scale} accepts {list(levels)}: give one or more levels from 0 to {highest}.")
        if len(set(levels)) == highest + 1:
            _refuse(f"{scale} accepts every level: leave it out.")
    return {scale: sorted(set(accepted[scale])) for scale in SCALES if scale in accepted}


def _refuse(detail: str) -> None:
    raise Invalid(detail, code="gold_levels_wrong", fields={"accepted": [detail]})


def passes(answer: Mapping[str, int], *, accepted: Mapping[str, Sequence[int]], put_in: str = "") -> bool:
    """Whether an answer (level by scale) passes; `put_in` is the distortion of a gold that was made."""
    if any(answer[scale] not in levels for scale, levels in accepted.items()):
        return False
    return not put_in or all(answer[name] > answer[put_in] for name in DISTORTIONS if name != put_in)
