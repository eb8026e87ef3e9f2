"""Six distortions in five strengths for the proof set: simple, seeded, and strong enough to be seen by a small network.

These are no models of cameras: they stand in for the synthetic set until it exists.
Pixels: float32 H x W x 3, sRGB 0..1.
"""

import io
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

Picture = npt.NDArray[np.float32]

STRENGTHS = 5  # 0 is the strongest, as the severities are numbered.
GAMMA = 2.2
LUMA = np.array([0.299, 0.587, 0.114], np.float32)
STOPS = (3.4, 2.9, 2.4, 1.9, 1.4)
NOISE_SIGMA = (0.30, 0.20, 0.14, 0.09, 0.06)
BLUR_SIGMA = (6.0, 4.2, 3.0, 2.1, 1.5)
CONTRAST = ((0.10, 8.0), (0.16, 6.0), (0.24, 4.5), (0.33, 3.4), (0.44, 2.6))
CHROMA = ((0.0, 6.0), (0.06, 5.0), (0.12, 4.0), (0.2, 3.3), (0.3, 2.7))
JPEG_QUALITY = (1, 3, 5, 8, 13)


def distort(picture: Picture, *, kind: str, strength: int, generator: np.random.Generator) -> Picture:
    """The whole picture with one distortion. `strength` 0 (strongest)..4; the generator decides signs and noise."""
    distorted = KINDS[kind](picture, strength, generator)
    return np.clip(distorted, 0.0, 1.0).astype(np.float32)


def _exposure(picture: Picture, strength: int, generator: np.random.Generator) -> Picture:
    stops = STOPS[strength] * generator.choice([-1.0, 1.0])
    brighter: Picture = np.clip(picture**GAMMA * 2.0**stops, 0.0, 1.0) ** (1 / GAMMA)
    return brighter


def _noise(picture: Picture, strength: int, generator: np.random.Generator) -> Picture:
    noisy: Picture = picture + NOISE_SIGMA[strength] * generator.standard_normal(picture.shape, dtype=np.float32)
    return noisy


def _blur(picture: Picture, strength: int, generator: np.random.Generator) -> Picture:
    sigma = BLUR_SIGMA[strength]
    blurred: Picture = ndimage.gaussian_filter(picture, (sigma, sigma, 0), mode="nearest")
    return blurred


def _contrast(picture: Picture, strength: int, generator: np.random.Generator) -> Picture:
    middle = float((picture @ LUMA).mean())
    stretched: Picture = middle + generator.choice(CONTRAST[strength]) * (picture - middle)
    return stretched


def _colorfulness(picture: Picture, strength: int, generator: np.random.Generator) -> Picture:
    grey = (picture @ LUMA)[..., None]
    coloured: Picture = grey + generator.choice(CHROMA[strength]) * (picture - grey)
    return coloured


def _compression(picture: Picture, strength: int, generator: np.random.Generator) -> Picture:
    packed = io.BytesIO()
    Image.fromarray(to_bytes(picture)).save(packed, "JPEG", quality=JPEG_QUALITY[strength], subsampling=2)
    with Image.open(packed) as image:
        return from_bytes(np.asarray(image.convert("RGB")))


KINDS: Mapping[str, Callable[[Picture, int, np.random.Generator], Picture]] = {
    "exposure": _exposure,
    "noise": _noise,
    "blur": _blur,
    "contrast": _contrast,
    "colorfulness": _colorfulness,
    "compression": _compression,
}


def to_bytes(picture: Picture) -> npt.NDArray[np.uint8]:
    return np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)


def from_bytes(pixels: npt.NDArray[np.uint8]) -> Picture:
    return pixels.astype(np.float32) / np.float32(255)
