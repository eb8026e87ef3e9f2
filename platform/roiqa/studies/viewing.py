"""The viewing check: what screen does this person look at, and what do they see on it?

The server draws the pictures from a seed and keeps it, so the right answers never reach the page. What was not good is
kept with every check; the study's rules say what of it keeps somebody from rating.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from roiqa.studies.models import Membership
from roiqa.studies.plates import KINDS, Picture, pictures
from roiqa.studies.qualification_errors import CheckNotFound, CheckOver, TooManyChecks
from roiqa.studies.qualification_models import QualificationRules, ViewingCheck

CHECKS_A_DAY = 20
# ISO/IEC 7810 ID-1: every bank card.
CARD_MM = {"long": 85.6, "short": 53.98}
# CSS pixels per millimetre, from a wall of screens to a telephone.
PLAUSIBLE_PX_PER_MM = (0.5, 14.0)

PROBLEMS = {
    "screen_size": "The card on the screen and a real one cannot have had the same size: do that step again, slowly.",
    "screen_small": "This study needs a larger screen: open it on another device.",
    "dark": "Dark squares could not be told apart: turn the brightness up, avoid light falling on the screen.",
    "light": "Light squares could not be told apart: turn the contrast or brightness down, switch night light off.",
    "colours": "Even the plain plate was not read: switch off filters, inverted colours and night light.",
    "colour_vision": "Some digits were not read. This screen of colours is no diagnosis: try once more in calm light.",
    "blue": "The digit in violet was not read: a night light may be on.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Screen:
    """What the browser tells of the screen. Sizes in CSS pixels; `more` is kept as it is."""

    device: UUID
    device_pixel_ratio: float
    screen_width: int
    screen_height: int
    more: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """What the person answered: the card's length on the screen (CSS px), a digit or None per plate, counted squares."""

    card_px: float
    card_side: str
    plates: Sequence[int | None]
    dark: int
    light: int
    surroundings: Mapping[str, Any]


@transaction.atomic
def begin(*, membership: Membership, screen: Screen) -> ViewingCheck:
    """A new check with pictures of its own. Raises TooManyChecks."""
    Membership.objects.select_for_update(no_key=True).get(pk=membership.pk)
    since = timezone.now() - timedelta(days=1)
    if ViewingCheck.objects.filter(membership=membership, started_at__gt=since).count() >= CHECKS_A_DAY:
        raise TooManyChecks(CHECKS_A_DAY)
    return ViewingCheck.objects.create(
        membership=membership,
        device=screen.device,
        device_pixel_ratio=screen.device_pixel_ratio,
        screen_width=screen.screen_width,
        screen_height=screen.screen_height,
        screen=dict(screen.more),
        seed=secrets.randbits(40),
    )


def own_check(*, user_id: int, check_id: UUID) -> ViewingCheck:
    """Raises CheckNotFound for a check of anybody else's."""
    check = ViewingCheck.objects.select_related("membership__study").filter(pk=check_id).first()
    if check is None or check.membership.user_id != user_id:
        raise CheckNotFound
    return check


def picture_of(check: ViewingCheck, name: str) -> Picture:
    """The picture "0", "1", ... of the check. Raises CheckNotFound for others, and once it is answered."""
    drawn = {str(number): picture for number, picture in enumerate(pictures(check.seed))}
    if name not in drawn or check.answered_at is not None:
        raise CheckNotFound
    return drawn[name]


@transaction.atomic
def answer(*, user_id: int, check_id: UUID, seen: Seen, rules: QualificationRules) -> ViewingCheck:
    """Judge the check and keep what was said. Raises CheckNotFound, CheckOver."""
    own_check(user_id=user_id, check_id=check_id)
    check = ViewingCheck.objects.select_for_update(of=("self",)).select_related("membership__study").get(pk=check_id)
    if check.answered_at is not None:
        raise CheckOver
    check.px_per_mm = seen.card_px / CARD_MM[seen.card_side]
    check.problems = problems_of(check, seen, rules)
    check.answers = {
        "plates": list(seen.plates),
        "dark": seen.dark,
        "light": seen.light,
        "card_side": seen.card_side,
        **seen.surroundings,
    }
    check.answered_at = timezone.now()
    check.expires_at = check.answered_at + timedelta(days=rules.recheck_days)
    check.passed = not required_of(check, rules)
    check.save()
    return check


def problems_of(check: ViewingCheck, seen: Seen, rules: QualificationRules) -> list[str]:
    """Keys of PROBLEMS, in their order."""
    drawn = pictures(check.seed)
    read = dict(
        zip((p.kind for p in drawn), (given == p.answer for p, given in _with_answers(drawn, seen)), strict=True)
    )
    longer_px = max(check.screen_width, check.screen_height) * check.device_pixel_ratio
    low, high = PLAUSIBLE_PX_PER_MM
    found = {
        "screen_size": not low <= (check.px_per_mm or 0) <= high,
        "screen_small": longer_px + 1 < rules.min_screen_px,
        "dark": not _counted(drawn, "dark", seen.dark),
        "light": not _counted(drawn, "light", seen.light),
        "colours": not read["control"],
        "colour_vision": read["control"] and not (read["protan"] and read["deutan"]),
        "blue": read["control"] and not read["tritan"],
    }
    return [code for code in PROBLEMS if found[code]]


def _with_answers(drawn: list[Picture], seen: Seen) -> list[tuple[Picture, int | None]]:
    plates = [*seen.plates, *([None] * len(KINDS))][: len(KINDS)]
    return list(zip(drawn, [*plates, seen.dark, seen.light], strict=True))


def _counted(drawn: list[Picture], kind: str, count: int) -> bool:
    """All squares, or all but the faintest, which the best displays hardly show."""
    there = next(picture.answer for picture in drawn if picture.kind == kind)
    return there - 1 <= count <= there


def required_of(check: ViewingCheck, rules: QualificationRules) -> list[str]:
    """Those of the check's problems that keep the person from rating."""
    demanded = {"screen_size", "screen_small"}
    if rules.require_brightness:
        demanded |= {"dark", "light"}
    if rules.require_colour_vision:
        demanded |= {"colours", "colour_vision"}
    return [code for code in check.problems if code in demanded]


def is_good(check: ViewingCheck, rules: QualificationRules) -> bool:
    """Answered, not run out, and without a problem that counts under the present rules."""
    if check.answered_at is None or check.expires_at is None or check.expires_at <= timezone.now():
        return False
    return not required_of(check, rules)


def good_checks(*, membership: Membership, rules: QualificationRules) -> list[ViewingCheck]:
    """The person's checks that hold, newest first: the page finds that of its own screen among them."""
    rows = ViewingCheck.objects.filter(membership=membership, expires_at__gt=timezone.now()).order_by("-started_at")
    return [check for check in rows[:100] if is_good(check, rules)]
