"""A mean into one of five levels: eq. (1) of the SEAGULL paper, in integers."""

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.votes import IntArray
from roiqa.core.scales import LEVEL_COUNT


def level_of(total: IntArray, n: IntArray, *, maximum: int) -> npt.NDArray[np.int64]:
    """The level i, 0..4, with M*i/5 < S/n <= M*(i+1)/5, for S = total, M = maximum.

    Shapes: total and n broadcast to one shape, which is the result's. Every n must be at least 1.
    The lowest bin takes in S = 0 and the highest everything above M: the paper leaves both open.
    Integers only, because floats misplace a mean that falls on a boundary (0.8 * 3 is 2.4000000000000004).
    Raises: ValueError if an n is below 1 or a total below 0.
    Source: arXiv 2411.10161, section 3.2, eq. (1).
    """
    totals, counts = np.asarray(total, dtype=np.int64), np.asarray(n, dtype=np.int64)
    if (counts < 1).any():
        raise ValueError("A level needs at least one vote: n must be 1 or more.")
    if (totals < 0).any():
        raise ValueError("A sum of votes cannot be negative.")
    ceiling = -(-LEVEL_COUNT * totals // (maximum * counts))
    levels: npt.NDArray[np.int64] = np.clip(ceiling - 1, 0, LEVEL_COUNT - 1)
    return levels
