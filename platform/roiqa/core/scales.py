"""The eight scales of a rating: their order, their words, their ranges."""

from typing import Final

DISTORTIONS: Final = ("exposure", "noise", "blur", "contrast", "colorfulness", "compression")
SCALES: Final = (*DISTORTIONS, "quality", "importance")

# The index of a word is the vote. On every scale 0 is the worst or the least.
SEVERITY_VOTES: Final = ("extreme", "severe", "moderate", "minor", "trivial", "nonexistent")
QUALITY_VOTES: Final = ("bad", "poor", "fair", "good", "excellent")
IMPORTANCE_VOTES: Final = ("unimportant", "minor", "normal", "important", "essential")

NONEXISTENT: Final = SEVERITY_VOTES.index("nonexistent")

# The five categories of eq. (1). A severity label has no "nonexistent": such a distortion is absent, not a sixth level.
SEVERITY_LEVELS: Final = SEVERITY_VOTES[:NONEXISTENT]
QUALITY_LEVELS: Final = QUALITY_VOTES
IMPORTANCE_LEVELS: Final = IMPORTANCE_VOTES
LEVEL_COUNT: Final = 5

VOTES_BY_SCALE: Final = {
    **dict.fromkeys(DISTORTIONS, SEVERITY_VOTES),
    "quality": QUALITY_VOTES,
    "importance": IMPORTANCE_VOTES,
}
