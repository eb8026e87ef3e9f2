"""Votes and labels that a person should look at again, because panel and model both say something else.

A list for people, never a verdict: the one who stands alone may be the one who looked.

Shapes: N ratings, R ROIs, S scales.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.panel import PanelVotes

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

# So many levels from the others' mean and from the model at once.
FAR: Final = 2.0
# Below three other votes their mean says little.
FEWEST_OTHERS: Final = 3
# A label so far from the model, or votes so far apart (sd) where the model is unsure itself, deserves more votes.
LABEL_FAR: Final = 1.5
SPREAD: Final = 1.0
UNSURE: Final = 0.5


@dataclass(frozen=True, slots=True)
class OddVotes:
    """Which votes stand alone."""

    others: FloatArray  # (N, S) mean of the other votes on the same ROI; NaN without enough of them
    odd: BoolArray  # (N, S)
    distance: FloatArray  # (N, S) to the nearer of the two; NaN where it is not odd


def odd_votes(panel: PanelVotes, model: npt.NDArray[np.integer]) -> OddVotes:
    """Votes FAR from the others' mean and from the model's level, on the same side of both. model (R, S)."""
    n = panel.votes_per_roi[panel.roi][:, None] - 1
    sums = panel.totals[panel.roi] - panel.votes
    others = np.divide(sums, n, out=np.full(panel.votes.shape, np.nan), where=n >= FEWEST_OTHERS)
    from_others, from_model = panel.votes - others, panel.votes - model[panel.roi]
    with np.errstate(invalid="ignore"):
        same_side = from_others * from_model > 0
        odd = (np.abs(from_others) >= FAR) & (np.abs(from_model) >= FAR) & same_side
    nearer = np.minimum(np.abs(from_others), np.abs(from_model))
    return OddVotes(others=others, odd=odd, distance=np.where(odd, nearer, np.nan))


def wants_more(
    *, mean: FloatArray, sd: FloatArray, model: npt.NDArray[np.integer], uncertainty: FloatArray
) -> FloatArray:
    """How much each ROI would gain from more votes, (R,); 0: no sign that it would.

    Of one scale: mean and sd of its votes (sd NaN for one vote), the model's level and its uncertainty, (R,) each.
    """
    apart = np.abs(mean - model)
    torn = np.where(np.nan_to_num(sd) >= SPREAD, np.nan_to_num(sd) * (uncertainty >= UNSURE), 0.0)
    gain: FloatArray = np.maximum(np.where(apart >= LABEL_FAR, apart, 0.0), torn)
    return gain
