"""The closed sets of words, in the order of their values; 0 is the worst or the least on every scale."""

import math
from typing import Final

DISTORTIONS: Final = ("exposure", "noise", "blur", "contrast", "colorfulness", "compression")
QUALITY_WORDS: Final = ("bad", "poor", "fair", "good", "excellent")
IMPORTANCE_WORDS: Final = ("unimportant", "minor", "normal", "important", "essential")
# Without "nonexistent": such a distortion is absent, not a sixth level.
SEVERITY_WORDS: Final = ("extreme", "severe", "moderate", "minor", "trivial")
YES_NO: Final = ("Yes", "No")
LEVEL_COUNT: Final = 5


def level_of(score: float, *, maximum: float = 4.0) -> int:
    """The level 0..4 of a mean score (the paper's eq. 1): `clamp(ceil(5 s / M) - 1, 0, 4)`.

    `maximum` (M) is 4 for means of votes 0..4 and 1 for scores of a metric. A score of 0, which the printed
    inequality leaves out, is level 0. Raises ValueError for a score that is no number.
    """
    if not math.isfinite(score):
        raise ValueError(f"score is {score}: a level needs a finite number")
    # 0.8 * 5 / 4 is 1.0000000000000002 to a computer; a level must not hang on that.
    return min(max(math.ceil(round(LEVEL_COUNT * score / maximum, 9)) - 1, 0), LEVEL_COUNT - 1)
