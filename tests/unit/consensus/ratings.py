"""Small ways to say which votes an ROI got."""

from typing import Any

import numpy as np

from roiqa.consensus.rules.labels import LabelTable, label_rois
from roiqa.consensus.rules.records import roi_record
from roiqa.consensus.rules.rulesets import ANCHOR_V1, Ruleset
from roiqa.consensus.rules.votes import VoteHistograms, count_votes
from roiqa.core.scales import DISTORTIONS, SCALES

# One rating: the votes on the eight scales in the order of SCALES.
Rating = tuple[int, ...]


def histograms(ratings_by_roi: list[list[Rating]]) -> VoteHistograms:
    rows = [(roi, *rating) for roi, ratings in enumerate(ratings_by_roi) for rating in ratings]
    table = np.array(rows, dtype=np.int64).reshape(len(rows), 1 + len(SCALES))
    return count_votes(
        roi=table[:, 0],
        severities=table[:, 1:7],
        quality=table[:, 7],
        importance=table[:, 8],
        roi_count=len(ratings_by_roi),
    )


def label(ratings_by_roi: list[list[Rating]], ruleset: Ruleset = ANCHOR_V1) -> LabelTable:
    return label_rois(histograms(ratings_by_roi), ruleset)


def blur_label(votes: list[int], ruleset: Ruleset = ANCHOR_V1) -> dict[str, Any]:
    """The label of the distortion that got these votes; the other five got "nonexistent" from everybody."""
    ratings = [(*tuple(vote if name == "blur" else 5 for name in DISTORTIONS), 2, 2) for vote in votes]
    return roi_record(label([ratings], ruleset), 0)["distortions"]["blur"]


def quality_label(votes: list[int]) -> dict[str, Any]:
    return roi_record(label([[(5, 5, 5, 5, 5, 5, vote, 2) for vote in votes]]), 0)["quality"]
