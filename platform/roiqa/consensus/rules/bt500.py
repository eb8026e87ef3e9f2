"""ITU-R BT.500's screening of observers. For information: in a crowd where everyone rates some ROIs it is a weak test.

It asks whether someone strays far from the others on both sides. It misses those who always give one answer, and with 7
votes an ROI its branch for non-normal votes can never fire, since nobody can be sqrt(20) deviations from a mean of few.

Shapes: N ratings, R ROIs, I annotators. One scale at a time.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.panel import PanelVotes, total_by

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class BT500Screening:
    """Of each annotator, (I,)."""

    far: FloatArray  # share of the annotator's own votes that are far from the others'; NaN without a rating
    lopsided: FloatArray  # 0: as often far above as far below, 1: always on one side; NaN if never far
    rejected: npt.NDArray[np.bool_]


def bt500_screening(panel: PanelVotes) -> BT500Screening:
    """Who would be rejected: more than 5 % of the own votes far away, and not mostly on one side (below 0.3).

    Far is 2 standard deviations where the votes on an ROI look normal (kurtosis 2 to 4), else sqrt(20).
    Source: ITU-R BT.500-15, annex 1, with one correction: the share is of the annotator's own votes, not of all ROIs, as
    some programs count it, by which nobody who rates a third of the ROIs could be rejected.
    """
    votes, n = panel.votes[:, 0].astype(np.float64), np.maximum(panel.votes_per_roi, 1)
    mean = panel.totals[:, 0] / n
    distance = votes - mean[panel.roi]
    second, fourth = (total_by(panel.roi, distance**power, panel.roi_count) / n for power in (2, 4))
    kurtosis = np.divide(fourth, second**2, out=np.full_like(mean, np.nan), where=second > 0)
    reach = np.where((kurtosis >= 2) & (kurtosis <= 4), 2.0, np.sqrt(20)) * np.sqrt(second)
    varied = second[panel.roi] > 0  # where all agree nobody is far
    above = np.bincount(panel.annotator[varied & (distance >= reach[panel.roi])], minlength=panel.annotator_count)
    below = np.bincount(panel.annotator[varied & (distance <= -reach[panel.roi])], minlength=panel.annotator_count)
    outside, given = above + below, panel.votes_per_annotator
    far = np.divide(outside, given, out=np.full(len(given), np.nan), where=given > 0)
    lopsided = np.divide(np.abs(above - below), outside, out=np.full(len(given), np.nan), where=outside > 0)
    with np.errstate(invalid="ignore"):
        rejected = (far > 0.05) & (lopsided < 0.3)
    return BT500Screening(far=far, lopsided=lopsided, rejected=rejected)
