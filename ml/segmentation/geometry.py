"""Between image pixels and what SAM sees: the preprocessing "sam-1" and "sam2-1", prompts as arrays, the choice rule.

As `segment_anything` does it: the long side to S, bilinear with PIL's antialiasing, rounded half up, normalised, zeros to
the right and below ("pad"). SAM 2 stretches to S x S ("stretch").
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.segmentation.manifest import Geometry
from ml.segmentation.prompts import Pixels, Prompt

Floats = NDArray[np.float32]
Size = tuple[int, int]  # height, width

# ImageNet's, with which SAM, SAM 2 and the small SAM were trained; of values 0..1.
MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
NEGATIVE, POSITIVE, BOX_START, BOX_END, PADDING = 0, 1, 2, 3, -1
SINGLE = 0  # the decoder's answer for several prompts; 1 to 3 are those for one click


def resized_size(image_size: Size, *, geometry: Geometry, input_size: int) -> Size:
    """(height, width) of the image in the model's input, padding not counted; at least one pixel each."""
    if geometry == "stretch":
        return input_size, input_size
    height, width = image_size
    scale = input_size / max(height, width)
    return max(1, int(height * scale + 0.5)), max(1, int(width * scale + 0.5))


def model_input(pixels: Pixels, *, geometry: Geometry, input_size: int) -> Floats:
    """Pixels (height x width x 3, sRGB) as the encoder takes them: 3 x S x S."""
    height, width = resized_size(_size(pixels), geometry=geometry, input_size=input_size)
    resized = Image.fromarray(pixels).resize((width, height), Image.Resampling.BILINEAR)
    normal = (np.asarray(resized, dtype=np.float32) / 255 - np.array(MEAN, np.float32)) / np.array(STD, np.float32)
    padded = np.zeros((input_size, input_size, 3), dtype=np.float32)
    padded[:height, :width] = normal
    return np.ascontiguousarray(padded.transpose(2, 0, 1))


def prompt_arrays(prompt: Prompt, *, image_size: Size, resized: Size) -> tuple[Floats, Floats]:
    """Coordinates (N x 2, pixels of the model's input) and labels (N) of a prompt, as the decoder takes them.

    Without a box a padding point (0, 0) with label -1 follows, as `segment_anything` has it; with a box there is none.
    """
    rows: list[tuple[float, float]] = [(point.x, point.y) for point in prompt.points]
    labels = [POSITIVE if point.positive else NEGATIVE for point in prompt.points]
    if prompt.box is None:
        rows, labels = [*rows, (0.0, 0.0)], [*labels, PADDING]
    else:
        box = prompt.box
        rows, labels = [*rows, (box.x0, box.y0), (box.x1, box.y1)], [*labels, BOX_START, BOX_END]
    scale = np.array([resized[1] / image_size[1], resized[0] / image_size[0]], dtype=np.float32)
    return np.array(rows, dtype=np.float32) * scale, np.array(labels, dtype=np.float32)


def chosen(prompt: Prompt, iou_predictions: Sequence[float] | Floats) -> list[int]:
    """Which of the decoder's four masks answer a prompt, the model's own choice first.

    One positive click alone may mean a part, an object or a group: masks 1 to 3 by predicted IoU. Anything else is mask 0.
    """
    lone = prompt.box is None and prompt.previous is None and len(prompt.points) == 1 and prompt.points[0].positive
    if not lone:
        return [SINGLE]
    return sorted((1, 2, 3), key=lambda index: -float(iou_predictions[index]))


def _size(pixels: Pixels) -> Size:
    if pixels.ndim != 3 or pixels.shape[2] != 3 or pixels.dtype != np.uint8:
        raise ValueError(f"An image is height x width x 3 of uint8, not {pixels.shape} of {pixels.dtype}.")
    return int(pixels.shape[0]), int(pixels.shape[1])
