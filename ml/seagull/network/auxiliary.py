"""Auxiliary heads: an ROI's own tokens must already tell its levels and types, before the language model reads them.

Letters: V views (global, local), R ROIs, D width of the language model.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ml.seagull.tree.batch import IGNORED, AuxTargets

LEVELS, TYPES = 5, 6


@dataclass(frozen=True, slots=True)
class AuxLogits:
    quality: Tensor
    """float32 [V, R, 5]."""
    importance: Tensor
    """float32 [V, R, 5]."""
    types: Tensor
    """float32 [V, R, 6]."""


class AuxiliaryHeads(nn.Module):
    """One linear head per view."""

    def __init__(self, dim: int, views: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(nn.Linear(dim, 2 * LEVELS + TYPES) for _ in range(views))

    def forward(self, views: Sequence[Tensor]) -> AuxLogits:
        """`views` [R, D] each, before they are scaled."""
        logits = torch.stack([head(view) for head, view in zip(self.heads, views, strict=True)]).float()
        quality, importance, types = torch.split(logits, [LEVELS, LEVELS, TYPES], dim=-1)
        return AuxLogits(quality=quality, importance=importance, types=types)


def auxiliary_loss(logits: AuxLogits, targets: AuxTargets) -> Tensor:
    """Cross-entropy of both levels plus that of the six types, summed; each a mean over the known ROIs and the views."""
    loss = logits.quality.new_zeros(())
    for scale, wanted in ((logits.quality, targets.quality), (logits.importance, targets.importance)):
        known = wanted != IGNORED
        losses = functional.cross_entropy(
            scale.flatten(0, 1), wanted.repeat(scale.shape[0]), ignore_index=IGNORED, reduction="sum"
        )
        loss = loss + losses / (known.sum() * scale.shape[0]).clamp(min=1)
    known = ~targets.types.isnan()
    wanted = targets.types.nan_to_num()
    losses = functional.binary_cross_entropy_with_logits(
        logits.types, wanted.expand_as(logits.types), weight=known.float(), reduction="sum"
    )
    # Of six questions the types are; their mean would count for a sixth of a level, though they are learned first.
    return loss + TYPES * losses / (known.sum() * logits.types.shape[0]).clamp(min=1)
