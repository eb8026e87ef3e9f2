"""How an ROI meets its annotator: blind, with the model's words afterwards, or with a form that the model has filled in.

Pure functions of stored seeds: whoever has the membership's `order_seed` can draw again what was drawn at the claim
(docs/modes.md says why it is drawn so).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from roiqa.core.scales import SCALES, VOTES_BY_SCALE
from roiqa.studies.models import SuggestionMode

# Blind ones are drawn so many of every BLOCK claims: by chance alone an annotator could get far fewer than promised.
BLOCK: Final = 20
# A level that is wrong on purpose is off by this much: far enough that nobody could mean it.
WRONG_BY: Final = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Protocol:
    """What the study says of suggestions. Of 100 pairs `blind_percent` stay blind and `wrong_percent` show a wrong level."""

    mode: str
    blind_percent: int
    wrong_percent: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Prefilled:
    """The levels that a form opens with, by scale, and the scale whose level is wrong on purpose."""

    levels: dict[str, int]
    wrong: str | None


def mode_of(protocol: Protocol, *, order_seed: int, claim_number: int) -> SuggestionMode:
    """The mode of an annotator's n-th claim (from 1), if there is a suggestion that may be shown."""
    if protocol.mode == SuggestionMode.PREFILL and stays_blind(
        order_seed=order_seed, claim_number=claim_number, percent=protocol.blind_percent
    ):
        return SuggestionMode.BLIND
    return SuggestionMode(protocol.mode)


def stays_blind(*, order_seed: int, claim_number: int, percent: int) -> bool:
    """Is this claim one of those drawn to be blind? Of every BLOCK claims at least `percent` % are."""
    block, place = divmod(claim_number - 1, BLOCK)
    places = sorted(range(BLOCK), key=lambda one: _uniform(order_seed, "blind", block, one))
    return place in places[: -(-percent * BLOCK // 100)]


def prefilled(levels: Sequence[int], protocol: Protocol, *, order_seed: int, study_roi_id: int) -> Prefilled:
    """The model's eight levels as the form shows them, in the order of SCALES; now and then one is wrong on purpose.

    The wrong ones are drawn among the pairs that are not blind, so that they are `wrong_percent` of all pairs.
    """
    shown = dict(zip(SCALES, levels, strict=True))
    not_blind = 100 - protocol.blind_percent
    if not_blind <= 0 or _uniform(order_seed, "wrong", study_roi_id) * not_blind >= protocol.wrong_percent:
        return Prefilled(levels=shown, wrong=None)
    scale = SCALES[int(_uniform(order_seed, "scale", study_roi_id) * len(SCALES))]
    last = len(VOTES_BY_SCALE[scale]) - 1
    possible = [level for level in (shown[scale] - WRONG_BY, shown[scale] + WRONG_BY) if 0 <= level <= last]
    shown[scale] = possible[int(_uniform(order_seed, "way", study_roi_id) * len(possible))]
    return Prefilled(levels=shown, wrong=scale)


def shown_record(
    shown: Mapping[str, Any], *, suggestion: int | None, at: datetime, answer: Mapping[str, int]
) -> dict[str, Any]:
    """What a rating keeps of what was shown before it: the levels, when, and on which scales the answer is another.

    shown: {levels, wrong} as the assignment has it. answer: the eight levels given, by scale.
    """
    levels = shown["levels"]
    changed = [scale for scale in SCALES if answer[scale] != levels[scale]]
    return {"suggestion": suggestion, **shown, "at": at.isoformat(), "changed": changed}


def _uniform(*key: object) -> float:
    """A number in [0, 1) that the key alone decides."""
    digest = hashlib.blake2b(":".join(map(str, key)).encode(), digest_size=8).digest()
    # 53 bits: more would round up to 1.
    return (int.from_bytes(digest, "big") >> 11) / 2**53
