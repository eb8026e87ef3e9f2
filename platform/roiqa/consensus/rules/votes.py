"""Ratings into vote histograms, the only input that the label rules need."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from roiqa.core.scales import DISTORTIONS, IMPORTANCE_VOTES, QUALITY_VOTES, SEVERITY_VOTES

IntArray = npt.NDArray[np.integer]


class VoteOutOfScale(ValueError):
    """A vote is not on its scale; the text names the first rating, its scale and its value."""


class UnevenVotes(ValueError):
    """The scales of one ROI hold different numbers of votes, though every rating answers all eight."""


@dataclass(frozen=True, slots=True)
class VoteHistograms:
    """How many accepted ratings of each ROI gave each answer.

    Shapes: R ROIs; severity (R, 6 distortions, 6 votes), quality (R, 5), importance (R, 5). Counts, never negative.
    """

    severity: npt.NDArray[np.int64]
    quality: npt.NDArray[np.int64]
    importance: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        rois = len(self.quality)
        expected = {
            "severity": (rois, len(DISTORTIONS), len(SEVERITY_VOTES)),
            "quality": (rois, len(QUALITY_VOTES)),
            "importance": (rois, len(IMPORTANCE_VOTES)),
        }
        for name, shape in expected.items():
            if getattr(self, name).shape != shape:
                raise ValueError(f"{name} histograms have shape {getattr(self, name).shape}, expected {shape}.")
        n = self.n
        uneven = (self.severity.sum(axis=2) != n[:, None]).any(axis=1) | (self.importance.sum(axis=1) != n)
        if uneven.any():
            raise UnevenVotes(f"ROI {int(uneven.argmax())} has unequal numbers of votes on its eight scales.")

    @property
    def n(self) -> npt.NDArray[np.int64]:
        """Accepted ratings of each ROI, (R,); 0 where there is none."""
        n: npt.NDArray[np.int64] = self.quality.sum(axis=1)
        return n


def count_votes(
    *, roi: IntArray, severities: IntArray, quality: IntArray, importance: IntArray, roi_count: int
) -> VoteHistograms:
    """Count the votes of N ratings on R = roi_count ROIs.

    Shapes: roi (N,) with values 0..R-1; severities (N, 6) in the order of DISTORTIONS, values 0..5;
    quality and importance (N,), values 0..4. The order of the ratings does not matter.
    Leave out the ratings of excluded annotators before calling; an ROI without a rating gets zeros.
    Raises: VoteOutOfScale naming the first bad value; ValueError if shapes differ or an ROI index is out of range.
    """
    if severities.shape != (len(roi), len(DISTORTIONS)):
        raise ValueError(f"severities have shape {severities.shape}, expected {(len(roi), len(DISTORTIONS))}.")
    if len(roi) and (roi.min() < 0 or roi.max() >= roi_count):
        raise ValueError(f"ROI indices must lie in 0..{roi_count - 1}.")
    severity = np.stack(
        [
            _histogram(roi, severities[:, index], scale=distortion, categories=len(SEVERITY_VOTES), roi_count=roi_count)
            for index, distortion in enumerate(DISTORTIONS)
        ],
        axis=1,
    )
    return VoteHistograms(
        severity=severity,
        quality=_histogram(roi, quality, scale="quality", categories=len(QUALITY_VOTES), roi_count=roi_count),
        importance=_histogram(
            roi, importance, scale="importance", categories=len(IMPORTANCE_VOTES), roi_count=roi_count
        ),
    )


def distinct_histograms(histograms: IntArray) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """The different rows among (U, V) histograms: where each occurs first, (G,), and which one each row is, (U,).

    A label depends on the histogram alone, and seven raters can make only some hundred different ones of a scale, so
    what is slow is done once for each of them.
    """
    code, codes = np.zeros(len(histograms), dtype=np.int64), 1
    for column in histograms.T:
        radix = int(column.max(initial=0)) + 1
        if codes * radix >= 2**63:  # so many raters that a code would overflow: go on from ranks
            _, code = np.unique(code, return_inverse=True)
            codes = len(code)
        code, codes = code * radix + column, codes * radix
    _, first, kind = np.unique(code, return_index=True, return_inverse=True)
    return first, kind


def _histogram(roi: IntArray, votes: IntArray, *, scale: str, categories: int, roi_count: int) -> npt.NDArray[np.int64]:
    if votes.shape != roi.shape:
        raise ValueError(f"{scale} has shape {votes.shape}, expected {roi.shape}.")
    outside = (votes < 0) | (votes >= categories)
    if outside.any():
        first = int(outside.argmax())
        raise VoteOutOfScale(f"Rating {first}: {scale} is {int(votes[first])}, allowed are 0..{categories - 1}.")
    cells = roi.astype(np.int64) * categories + votes
    return np.bincount(cells, minlength=roi_count * categories).reshape(roi_count, categories).astype(np.int64)
