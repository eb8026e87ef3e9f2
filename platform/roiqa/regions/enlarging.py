"""From a decoder's low-res logits to the mask of the image: two bilinear enlargements and a threshold.

Low-res to the model's input, cut the padding, input to the image, above 0, as `ml.segmentation` does with torch. Each step
acts on rows and columns alone, so both together are one small matrix for the rows and one for the columns.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from roiqa.regions.masks import Mask, mask_from_array
from roiqa.regions.segmentation_models import SegmentationModel

# Columns are enlarged in blocks of about this many numbers, so that a large image costs little memory.
_BLOCK_NUMBERS = 4_000_000


def full_mask(
    logits: NDArray[np.float32], *, model: SegmentationModel, image_size: tuple[int, int], resized: tuple[int, int]
) -> Mask:
    """The exact mask of the image. `logits` are rows x columns; sizes are [rows, columns]."""
    height, width = image_size
    rows = _both_steps(logits.shape[0], model.input_size, resized[0], height)
    columns = _both_steps(logits.shape[1], model.input_size, resized[1], width)
    # COCO's order is down the columns: the mask is made transposed, in blocks of whole columns.
    halfway = rows @ logits
    transposed = np.empty((width, height), dtype=np.uint8)
    step = max(1, _BLOCK_NUMBERS // height)
    for start in range(0, width, step):
        transposed[start : start + step] = columns[start : start + step] @ halfway.T > 0
    return mask_from_array(transposed.T)


def _both_steps(low: int, side: int, kept: int, size: int) -> csr_array:
    """The matrix [size, low] that enlarges `low` numbers to `side`, keeps the first `kept`, and scales them to `size`."""
    return bilinear(kept, size) @ bilinear(low, side)[:kept]


def bilinear(before: int, after: int) -> csr_array:
    """The matrix [after, before] of torch's `interpolate(mode="bilinear", align_corners=False)` along one axis."""
    places = np.clip((np.arange(after) + 0.5) * (before / after) - 0.5, 0, None)
    first = np.minimum(places.astype(np.int64), before - 1)
    second = np.minimum(first + 1, before - 1)
    share = (places - first).astype(np.float32)
    lines = np.arange(after)
    # Where both are one place (at the end), the two numbers are added.
    numbers, rows = np.concatenate([1 - share, share]), np.concatenate([lines, lines])
    return csr_array((numbers, (rows, np.concatenate([first, second]))), shape=(after, before))
