"""What an answer says: tolerant of case, spelling and repetition; it never raises, whatever a model writes."""

import re
from dataclasses import dataclass, field
from typing import Final

from ml.seagull.language.levels import DISTORTIONS, IMPORTANCE_WORDS, QUALITY_WORDS, SEVERITY_WORDS

_LONGEST: Final = 10_000
_SPELLINGS: Final = {
    **{name: name for name in DISTORTIONS},
    "colourfulness": "colorfulness",
    "color": "colorfulness",
    "colour": "colorfulness",
}
_SEVERITY: Final = "|".join(SEVERITY_WORDS)
_TYPE: Final = "|".join(sorted(_SPELLINGS, key=len, reverse=True))
_ITEM: Final = rf"(?:({_SEVERITY})\s+)?({_TYPE})(?![a-z])(?:\s+distortions?\b)?"
_ITEM_ANYWHERE: Final = re.compile(_ITEM)
_SEPARATOR: Final = r"\s*(?:,\s*and\b|,|\band\b)\s*"
_WITH: Final = re.compile(rf"with\s+(?:an?\s+|the\s+)?({_ITEM}(?:{_SEPARATOR}{_ITEM})*)")
_CLEAN: Final = re.compile(r"(?:with ?out|with no|no)(?: any)?(?: visible)? distortions?\b|without(?!\s*[a-z])|clean\b")


@dataclass(frozen=True, slots=True)
class ParsedDistortions:
    """What an answer says of distortions. `error` is None or why nothing was understood: then it names none."""

    distortions: dict[str, int | None] = field(default_factory=dict)
    """Severity level by type; None where the answer gives none."""
    clean: bool = False
    error: str | None = None


def parse_distortions(text: str) -> ParsedDistortions:
    """Read `With minor blur and trivial noise distortions.` or `Without distortions.`

    What stands before the last colon is cut; a type said twice counts the first time; a sentence
    after the first is passed over.
    """
    said = _said(text)
    if _CLEAN.match(said):
        return ParsedDistortions(clean=True)
    found = _WITH.match(said)
    if found is None:
        return ParsedDistortions(error=f"neither With nor Without a distortion: {said[:80]!r}")
    distortions: dict[str, int | None] = {}
    for severity, name in _ITEM_ANYWHERE.findall(found.group(1)):
        level = SEVERITY_WORDS.index(severity) if severity else None
        distortions.setdefault(_SPELLINGS[name], level)
    return ParsedDistortions(distortions=distortions)


def parse_quality(text: str) -> int | None:
    """The level of `The quality is good.`; None if it names none or several."""
    return _only_level(text, QUALITY_WORDS)


def parse_importance(text: str) -> int | None:
    """The level of `This region is important to the overall quality.`; None if it names none or several."""
    return _only_level(text, IMPORTANCE_WORDS)


def parse_judgment(text: str) -> bool | None:
    """True for Yes, False for No; None for anything else."""
    word = re.match(r"(yes|no)(?![a-z])", _said(text))
    return None if word is None else word.group(1) == "yes"


def _only_level(text: str, words: tuple[str, ...]) -> int | None:
    named = {words.index(word) for word in re.findall(r"[a-z]+", _said(text).partition(".")[0]) if word in words}
    return named.pop() if len(named) == 1 else None


def _said(text: str) -> str:
    """Lower case, single spaces, no more than anybody would say, without a prefix like `Answer:`."""
    said = " ".join(str(text)[:_LONGEST].lower().split())
    return said.rpartition(":")[2].strip()
