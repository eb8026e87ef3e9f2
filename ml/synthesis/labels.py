"""Labels of distorted regions without people (paper section 3.1.3): quality, importance, and what distorts them.

Quality compares the region's padded box, everything outside the mask black in both pictures. Importance is what the
frame loses when only the region is distorted. A region whose quality stays above 0.92 counts as clean.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ml.synthesis.quality import Metric, Region

CLEAN_ABOVE = 0.92
# Smaller boxes are padded: deep metrics need 64 px (two cells of a stride of 32).
SMALLEST_BOX = 64


@dataclass(frozen=True)
class Scores:
    """Regions x images, float32. Importance is 0 where the region's distortion does not touch the frame's score."""

    quality: Tensor
    importance: Tensor


def score_regions(distorted: Tensor, reference: Tensor, masks: Sequence[Tensor], metric: Metric) -> Scores:
    """Of N distorted frames (N x 3 x H x W, 0..1) of one reference (3 x H x W) and masks (H x W, bool)."""
    quality, importance = [], []
    itself = metric(reference.unsqueeze(0), reference)[0]
    for mask in masks:
        top, bottom, left, right = _padded_box(mask)
        inside = mask[top:bottom, left:right]
        quality.append(
            metric(distorted[..., top:bottom, left:right] * inside, reference[..., top:bottom, left:right] * inside)
        )
        importance.append((itself - metric.pasted(distorted, reference, Region.of(mask))).clamp(min=0.0))
    return Scores(torch.stack(quality), torch.stack(importance))


def _padded_box(mask: Tensor) -> tuple[int, int, int, int]:
    """The mask's box, grown evenly to at least 64 x 64 px within the frame."""
    rows, columns = mask.any(dim=1).nonzero().flatten(), mask.any(dim=0).nonzero().flatten()
    top, bottom = _grown(int(rows[0]), int(rows[-1]) + 1, mask.shape[0])
    left, right = _grown(int(columns[0]), int(columns[-1]) + 1, mask.shape[1])
    return top, bottom, left, right


def _grown(start: int, stop: int, size: int) -> tuple[int, int]:
    missing = max(0, SMALLEST_BOX - (stop - start))
    start = max(0, min(start - missing // 2, size - max(SMALLEST_BOX, stop - start)))
    return start, min(size, max(stop, start + SMALLEST_BOX))


def level_of_quality(quality: float) -> int:
    """Five levels of a score 0..1: eq. (1) of the paper with M = 1; 0 is bad."""
    return min(max(-int(-5 * quality // 1) - 1, 0), 4)


def levels_of_importance(importance: Tensor, cuts: Sequence[float]) -> Tensor:
    """Five levels by four ascending cuts: raw importance is heavy-tailed towards 0, so a set stores its own quantiles."""
    return torch.bucketize(importance, torch.tensor(list(cuts), dtype=importance.dtype))
