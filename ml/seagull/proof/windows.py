"""A window of a photograph and up to four human-drawn regions in it as its ROIs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image

from ml.seagull.proof.distortions import Picture, from_bytes

BoolMask = npt.NDArray[np.bool_]

SCALE = 0.75  # Shrunk a little: what the photograph's own JPEG did to it goes.
MIN_AREA_PX = 900
MAX_SHARE = 0.7
MAX_OVERLAP = 0.05
TRIES = 12


@dataclass(frozen=True)
class Window:
    """A square cut of a photograph, 0..1, and boolean masks of the same size that hardly overlap."""

    picture: Picture
    masks: tuple[BoolMask, ...]


def shrink(pixels: npt.NDArray[np.uint8], masks: Sequence[BoolMask]) -> tuple[Picture, list[BoolMask]]:
    """Photograph and masks at SCALE; masks by nearest neighbour."""
    height, width = pixels.shape[:2]
    size = (round(width * SCALE), round(height * SCALE))
    small = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
    shrunk = [
        np.asarray(Image.fromarray(mask.astype(np.uint8)).resize(size, Image.Resampling.NEAREST), dtype=np.bool_)
        for mask in masks
    ]
    return from_bytes(small), shrunk


def draw_window(
    picture: Picture, masks: Sequence[BoolMask], *, size: int, rois: int, generator: np.random.Generator
) -> Window:
    """Of some random windows the one with the most ROIs (at most `rois`); it may have none.

    An ROI keeps MIN_AREA_PX of it in the window, covers no more than MAX_SHARE of it, and shares no more than
    MAX_OVERLAP of the smaller one's area with another.
    """
    height, width = picture.shape[:2]
    best: tuple[int, int, list[BoolMask]] = (0, 0, [])
    for _ in range(TRIES):
        top, left = int(generator.integers(height - size + 1)), int(generator.integers(width - size + 1))
        cuts = [mask[top : top + size, left : left + size] for mask in masks]
        fitting = [cut for cut in cuts if MIN_AREA_PX <= cut.sum() <= MAX_SHARE * size * size]
        chosen: list[BoolMask] = []
        for index in generator.permutation(len(fitting)):
            cut = fitting[int(index)]
            if len(chosen) < rois and all(_overlap(cut, other) <= MAX_OVERLAP for other in chosen):
                chosen.append(cut)
        if len(chosen) > len(best[2]):
            best = (top, left, chosen)
        if len(chosen) == rois:
            break
    top, left, chosen = best
    return Window(picture=picture[top : top + size, left : left + size], masks=tuple(chosen))


def _overlap(first: BoolMask, second: BoolMask) -> float:
    return float((first & second).sum() / min(first.sum(), second.sum()))
