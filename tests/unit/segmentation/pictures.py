"""Pictures for the tests of segmentation, made in memory."""

import numpy as np
from numpy.typing import NDArray


def blocks(height: int, width: int, *, seed: int, colours: int = 6, tile: int = 5) -> NDArray[np.uint8]:
    """Random tiles of a few colours with a little noise: something to segment, of any size."""
    random = np.random.default_rng(seed)
    palette = random.integers(0, 256, (colours, 3))
    tiles = random.integers(0, colours, (-(-height // tile), -(-width // tile)))
    picture = palette[tiles].repeat(tile, axis=0).repeat(tile, axis=1)[:height, :width]
    return np.clip(picture + random.integers(-6, 7, picture.shape), 0, 255).astype(np.uint8)


def disc(size: int = 96, radius: int = 24) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """A red disc in the middle of a blue square, and the disc's mask."""
    rows, columns = np.mgrid[:size, :size]
    mask = (rows - size // 2) ** 2 + (columns - size // 2) ** 2 < radius**2
    picture = np.where(mask[..., None], np.array([200, 40, 30]), np.array([20, 60, 160])).astype(np.uint8)
    return picture, mask
