"""How much masks of one image overlap, read off their run lengths."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from roiqa.regions.masks import Mask

# Two masks that share more than this of their union are one region to a person.
DOUBLE_IOU = 0.85


def ious(mask: Mask, others: Sequence[Mask]) -> NDArray[np.float64]:
    """Intersection over union with each of the others, 0 to 1."""
    if not others:
        return np.zeros(0)
    rles = [_rle(other) for other in others]
    overlaps: NDArray[np.float64] = coco_mask.iou([_rle(mask)], rles, [0] * len(rles))[0]
    return overlaps


def is_double(mask: Mask, others: Sequence[Mask]) -> bool:
    return bool((ious(mask, others) > DOUBLE_IOU).any())


def _rle(mask: Mask) -> dict[str, object]:
    return {"size": [mask.height, mask.width], "counts": mask.counts.encode("ascii")}
