"""The labels of a batch of ROIs, made of their ratings and held against the stored ones."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.labels import label_rois
from roiqa.consensus.rules.records import Record, distortion_record, importance_record, quality_record, roi_flags
from roiqa.consensus.rules.rulesets import ruleset_named
from roiqa.consensus.rules.votes import VoteHistograms, count_votes, distinct_histograms
from roiqa.core.scales import DISTORTIONS, SCALES
from roiqa.releases.errors import LabelOutOfStep
from roiqa.releases.snapshot_query import ROIRow


def label_batch(rois: Sequence[ROIRow], *, ruleset: str) -> list[Record]:
    """The full label of each ROI from its counted ratings: the shape of `consensus.rules.records.roi_record`.

    Raises LabelOutOfStep if the stored label was made of other votes or by another ruleset.
    """
    counted = [(index, *rating.votes) for index, roi in enumerate(rois) for rating in roi.ratings if rating.is_counted]
    table = np.array(counted, dtype=np.int64).reshape(-1, 1 + len(SCALES))
    histograms = count_votes(
        roi=table[:, 0],
        severities=table[:, 1:7],
        quality=table[:, 7],
        importance=table[:, 8],
        roi_count=len(rois),
    )
    _check_stored(rois, histograms, ruleset)
    labels = label_rois(histograms, ruleset_named(ruleset))
    per_roi = len(DISTORTIONS)
    severity = labels.distortions.votes
    distortions = _once_per_kind(
        severity.reshape(len(rois) * per_roi, severity.shape[2]),
        lambda cell: distortion_record(labels.distortions, *divmod(cell, per_roi)),
    )
    quality = _once_per_kind(labels.quality.votes, lambda row: quality_record(labels, row))
    importance = _once_per_kind(labels.importance.votes, lambda row: importance_record(labels, row))
    return [
        {
            **roi_flags(labels, row),
            "quality": quality[row],
            "importance": importance[row],
            "distortions": dict(zip(DISTORTIONS, distortions[row * per_roi : (row + 1) * per_roi], strict=True)),
        }
        for row in range(len(rois))
    ]


def _check_stored(rois: Sequence[ROIRow], histograms: VoteHistograms, ruleset: str) -> None:
    made = np.concatenate(
        [histograms.severity.reshape(len(rois), -1), histograms.quality, histograms.importance], axis=1
    )
    stored = np.array([roi.stored_votes for roi in rois], dtype=np.int64)
    differ = (made != stored).any(axis=1) | np.array([roi.ruleset != ruleset for roi in rois]) | (histograms.n == 0)
    if differ.any():
        raise LabelOutOfStep(rois[int(differ.argmax())].id)


def _once_per_kind(votes: npt.NDArray[np.int64], record: Callable[[int], Record]) -> list[Record]:
    """Each row's record, made once per distinct histogram: all that a record depends on is its histogram."""
    first, kind = distinct_histograms(votes)
    made: list[dict[str, Any]] = [record(row) for row in first.tolist()]
    return [made[index] for index in kind.tolist()]
