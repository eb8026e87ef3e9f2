"""Which ROIs to rate sooner: those that a model is unsure of, with a quota for each kind that it predicts.

Without quotas the uncertain ones would be nearly all alike (middling quality, blur), and a rare distortion would stay rare.

Shapes: R ROIs.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from roiqa.core.scales import DISTORTIONS, NONEXISTENT, SCALES

FloatArray = npt.NDArray[np.float64]

# One ROI alone of its kind is not worth more than so many others.
LARGEST: Final = 10.0
_ROUNDS: Final = 30


def priorities(*, uncertainty: FloatArray, levels: npt.NDArray[np.integer]) -> FloatArray:
    """The priority of each ROI, (R,), with mean 1; 0 where the model has no doubt at all.

    uncertainty (R,), 0 to 1; levels (R, 8) as the model predicts them, in the order of SCALES. Every predicted quality
    level, and every distortion that is the rarest one predicted for an ROI (or none), gets the same weight in
    sum: uncertainties are scaled in turn for the one and for the other.
    """
    weight = np.maximum(uncertainty, 0.0).astype(np.float64)
    if not weight.any():
        return np.zeros(len(weight))
    margins = [levels[:, SCALES.index("quality")].astype(np.int64), rarest_distortion(levels)]
    for _ in range(_ROUNDS):
        for kind in margins:
            sums = np.bincount(kind, weights=weight)
            weight = weight / np.where(sums > 0, sums, 1.0)[kind]
        weight = np.minimum(weight, LARGEST * weight.mean())
    scaled: FloatArray = weight / weight.mean()
    return np.minimum(scaled, LARGEST)


def rarest_distortion(levels: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Of the distortions predicted for each ROI the one that is predicted least often; 6 where there is none, (R,)."""
    present = levels[:, : len(DISTORTIONS)] != NONEXISTENT
    how_often = np.where(present, present.sum(axis=0), len(levels) + 1)
    return np.where(present.any(axis=1), how_often.argmin(axis=1), len(DISTORTIONS)).astype(np.int64)
