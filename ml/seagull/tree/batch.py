"""A batch of trees: each row is an image's prefix, then its ROIs, each with its questions, side by side.

Letters: B images, T positions of the longest row (right-padded), R ROIs of the whole batch, Q questions.
"""

from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

import torch
from torch import Tensor

IGNORED = -100


@dataclass(frozen=True, slots=True)
class AuxTargets:
    """What the auxiliary heads learn from an ROI's own tokens."""

    quality: Tensor
    """int64 [R], level 0..4, -100 where unknown."""
    importance: Tensor
    """int64 [R], level 0..4, -100 where unknown."""
    types: Tensor
    """float32 [R, 6], 1 where the distortion is present, 0 where absent, nan where unknown."""

    def to(self, device: torch.device | str) -> "AuxTargets":
        return AuxTargets(self.quality.to(device), self.importance.to(device), self.types.to(device))


@dataclass(frozen=True, slots=True)
class QuestionRow:
    """A question of the batch and where its answer is read."""

    image: int
    """The row b of the batch."""
    roi_id: str
    task: str
    """quality, importance, distortion (the first severity), presence (With or Without), judge_quality,
    judge_importance, judge_type, or severity_type (the type that a given severity is said of)."""
    position: int
    """Flat position b * T + t of the last token before what is read."""
    candidates: tuple[int, ...]
    """First tokens of the closed set, in the order of its values; Yes before No."""
    subject: str | None = None
    """The type or the level word that a judgment asks for; of severity_type, the severity word."""


@dataclass(frozen=True, slots=True)
class TreeBatch:
    """Token ids and everything that makes a row a tree."""

    token_ids: Tensor
    """int64 [B, T], pad 0."""
    position_ids: Tensor
    """int64 [B, T]: every branch goes on from the end of its parent. 0 at pads."""
    attention: Tensor
    """bool [B, 1, T, T], True where the query (third axis) may look at the key. A pad looks at itself only.
    Of a suffix chunk [1, 1, T, P + T]: P keys of the prefix are in a cache."""
    labels: Tensor
    """int64 [B, T], already shifted: what position t must predict; -100 elsewhere."""
    subtree_end: Tensor
    """int64 [B, T]: key k is seen by the queries k <= q < subtree_end[k]; the whole mask in one vector."""
    image_slots: Tensor
    """bool [B, T], N true in every row, in the order of the image tokens."""
    global_slots: Tensor
    """int64 [R], flat b * T + t in the order of the ROI inputs; -1 where global tokens are off."""
    local_slots: Tensor
    """int64 [R], likewise; -1 where local tokens are off."""
    aux: AuxTargets
    question_rows: list[QuestionRow] = field(default_factory=list)

    def to(self, device: torch.device | str) -> Self:
        moved: dict[str, Any] = {
            one.name: value.to(device)
            for one in fields(self)
            if isinstance(value := getattr(self, one.name), Tensor | AuxTargets)
        }
        return replace(self, **moved)

    @property
    def tokens(self) -> int:
        """Positions that are no padding."""
        return int((self.subtree_end > 0).sum())
