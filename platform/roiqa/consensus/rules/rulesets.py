"""The named, frozen rules by which votes become labels. A ruleset never changes: a new rule gets a new name."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Ruleset:
    """What a ruleset decides. M is the top of a scale in eq. (1) of the paper, never the maximum of the data."""

    name: str
    score_maximum: int  # M of quality and importance
    severity_maximum: int  # M of severity
    severity_counts_nonexistent: bool  # does the severity mean take in the votes "nonexistent" (5)?


class UnknownRuleset(ValueError):
    """No ruleset has this name."""


ANCHOR_V1: Final = Ruleset(name="anchor-v1", score_maximum=4, severity_maximum=4, severity_counts_nonexistent=False)
LITERAL_V1: Final = Ruleset(name="literal-v1", score_maximum=4, severity_maximum=5, severity_counts_nonexistent=True)
RULESETS: Final = {ruleset.name: ruleset for ruleset in (ANCHOR_V1, LITERAL_V1)}
DEFAULT_RULESET: Final = ANCHOR_V1


def ruleset_named(name: str) -> Ruleset:
    """The ruleset of this name. Raises UnknownRuleset, whose text lists the names there are."""
    try:
        return RULESETS[name]
    except KeyError:
        raise UnknownRuleset(f"There is no ruleset {name!r}: choose one of {', '.join(RULESETS)}.") from None
