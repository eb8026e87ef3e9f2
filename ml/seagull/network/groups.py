"""ROIs of a batch laid out image by image, so that an image's features are read in place and never copied per ROI."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, slots=True)
class Groups:
    """B images with up to `most` of the R ROIs each."""

    images: int
    most: int
    slots: Tensor
    """int64 [R], image * most + the ROI's place in its image."""

    @classmethod
    def of(cls, image_index: Tensor, *, images: int, most: int) -> "Groups":
        """`image_index` int64 [R], ascending."""
        order = torch.arange(image_index.shape[0], device=image_index.device)
        first = torch.searchsorted(image_index, image_index)
        return cls(images=images, most=most, slots=image_index * most + order - first)

    def spread(self, rows: Tensor) -> Tensor:
        """[R, P] to [B, most, P]; places without an ROI are zero."""
        spread = rows.new_zeros(self.images * self.most, rows.shape[1])
        return spread.index_copy(0, self.slots, rows).view(self.images, self.most, -1)

    def gather(self, spread: Tensor) -> Tensor:
        """[B, most, P] back to [R, P]."""
        return spread.flatten(0, 1).index_select(0, self.slots)
