"""Mask pooling: the mean of each feature map inside each ROI (MP of equation 2).

Letters: B images, R ROIs, S side of the masks, C channels of a level, h x w its cells.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from ml.seagull.network.config import Pooling
from ml.seagull.network.groups import Groups


@dataclass(frozen=True, slots=True)
class Pooled:
    levels: list[Tensor]
    """float32 [R, C] for each level."""
    empty: Tensor
    """int64 scalar: how many (ROI, level) pairs the official weights would have lost; their area was taken instead."""


def pool(levels: Sequence[Tensor], masks: Tensor, groups: Groups, *, pooling: Pooling) -> Pooled:
    """Means of `levels` [B, C, h, w] under `masks` [R, S, S] in 0..1; every mask has a covered cell.

    area: cells weighted by the share of them that the mask covers; never empty, differentiable in nothing but features.
    official: the released code's bilinear samples of the mask, binarised; where they miss a small ROI altogether, its
    area. In float32 whatever autocast says: a sum over 16,000 cells in bfloat16 loses the small ones.
    """
    means, empty = [], masks.new_zeros((), dtype=torch.long)
    with torch.autocast(masks.device.type, enabled=False):
        masks = masks.float()
        for level in levels:
            weights = functional.adaptive_avg_pool2d(masks[:, None], (level.shape[2], level.shape[3])).flatten(1)
            if pooling == "official":
                sampled = _sampled(masks, level)
                missed = ~sampled.any(dim=1)
                empty = empty + missed.sum()
                weights = torch.where(missed[:, None], weights, sampled.float())
            weights = weights / weights.sum(dim=1, keepdim=True)
            cells = level.permute(0, 2, 3, 1).flatten(1, 2).float()
            means.append(groups.gather(torch.bmm(groups.spread(weights), cells)))
    return Pooled(levels=means, empty=empty)


def _sampled(masks: Tensor, level: Tensor) -> Tensor:
    size = level.shape[-2:]
    return functional.interpolate(masks[:, None], size=size, mode="bilinear", align_corners=False).flatten(1) > 0
