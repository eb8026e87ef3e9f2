"""Who gave which answer: what statistics need that look at annotators one by one.

Shapes: N ratings, R ROIs, I annotators, S scales.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.votes import IntArray

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PanelVotes:
    """N answers on S scales. Leave out the ratings that do not count before making one.

    Shapes: roi (N,) with values 0..R-1; annotator (N,) with values 0..I-1; votes (N, S), whole numbers from 0 upwards.
    An ROI may have any number of votes, and none; the order of the rows does not matter.
    Raises: ValueError if the shapes differ or an index is out of range.
    """

    roi: npt.NDArray[np.int64]
    annotator: npt.NDArray[np.int64]
    votes: npt.NDArray[np.int64]
    roi_count: int
    annotator_count: int

    def __post_init__(self) -> None:
        if self.votes.ndim != 2 or not len(self.roi) == len(self.annotator) == len(self.votes):
            raise ValueError(
                f"roi {self.roi.shape}, annotator {self.annotator.shape} and votes {self.votes.shape} do not fit: "
                "give N, N and (N, S)."
            )
        for name, index, count in (
            ("roi", self.roi, self.roi_count),
            ("annotator", self.annotator, self.annotator_count),
        ):
            if len(index) and (index.min() < 0 or index.max() >= count):
                raise ValueError(f"{name} indices must lie in 0..{count - 1}.")

    @cached_property
    def votes_per_roi(self) -> npt.NDArray[np.int64]:
        """Ratings of each ROI, (R,)."""
        return np.bincount(self.roi, minlength=self.roi_count).astype(np.int64)

    @cached_property
    def votes_per_annotator(self) -> npt.NDArray[np.int64]:
        """Ratings of each annotator, (I,)."""
        return np.bincount(self.annotator, minlength=self.annotator_count).astype(np.int64)

    @cached_property
    def totals(self) -> FloatArray:
        """The sum of each ROI's votes on each scale, (R, S)."""
        return summed_by(self.roi, self.votes, self.roi_count)

    def scale(self, index: int) -> "PanelVotes":
        """The same ratings on one scale alone."""
        return self.only_scales([index])

    def only_scales(self, indices: list[int]) -> "PanelVotes":
        """The same ratings on some of the scales."""
        return PanelVotes(self.roi, self.annotator, self.votes[:, indices], self.roi_count, self.annotator_count)

    def where(self, chosen: npt.NDArray[np.bool_]) -> "PanelVotes":
        """Some of the ratings; ROIs and annotators keep their numbers."""
        return PanelVotes(
            self.roi[chosen], self.annotator[chosen], self.votes[chosen], self.roi_count, self.annotator_count
        )

    def histograms(self, values: int, *, scale: int = 0) -> npt.NDArray[np.int64]:
        """How often each of the answers 0..values-1 was given to each ROI, (R, values)."""
        cells = self.roi * values + self.votes[:, scale]
        counts = np.bincount(cells, minlength=self.roi_count * values)
        return counts.reshape(self.roi_count, values).astype(np.int64)


def total_by(index: IntArray, values: npt.NDArray[np.generic], count: int) -> FloatArray:
    """Sum the values (N,) that have the same index, into (count,)."""
    return np.asarray(np.bincount(index, weights=values, minlength=count), dtype=np.float64)


def summed_by(index: IntArray, rows: npt.NDArray[np.generic], count: int) -> FloatArray:
    """Sum the rows (N, S) that have the same index, into (count, S)."""
    columns = [total_by(index, column, count) for column in rows.T]
    summed: FloatArray = np.stack(columns, axis=1) if columns else np.zeros((count, 0))
    return summed
