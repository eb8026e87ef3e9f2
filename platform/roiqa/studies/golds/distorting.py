"""One clear distortion inside a mask; every pixel outside it stays what it was. Pure: arrays in, arrays out.

Pictures are 8-bit sRGB (or grey), uint8 [height, width, 3] or [height, width]; masks are bool [height, width].
"""

import io
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from roiqa.core.errors import Invalid

Pixels = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float32]

VERSION: Final = "gold-1"
# Two strengths of each, both plain to see at one image pixel a screen pixel.
BLUR_SIGMA: Final = (3.5, 5.5)  # px
NOISE_SD: Final = (0.11, 0.17)  # of the range
EXPOSURE_STOPS: Final = (1.7, 2.5)
CONTRAST_FACTOR: Final = (0.34, 0.2)
COLOUR_FACTOR: Final = (0.1, 0.0)
JPEG_QUALITY: Final = (8, 4)
STRENGTHS: Final = 2
# Of the 255 levels, root mean square over the mask: below it nobody could be blamed for seeing nothing.
LEAST_CHANGE: Final = 3.0
# Pixels around the mask's box that blur and JPEG blocks look at.
MARGIN: Final = 32
_FEATHER: Final = 1.0
_LUMA: Final = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Setting:
    """`strength` 0 or 1; `direction` -1 or 1 (exposure only: darker or brighter); `seed` of the noise."""

    strength: int
    direction: int
    seed: int


class NotVisible(Invalid):
    """The distortion changes too little here: a flat region cannot be blurred, a grey one has no colour to lose."""

    default_code = "distortion_not_visible"


def distort(picture: Pixels, mask: Mask, kind: str, setting: Setting) -> Pixels:
    """A copy of the picture with `kind` where the mask is. Raises NotVisible when that changes too little to see."""
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (
        slice(max(int(rows[0]) - MARGIN, 0), int(rows[-1]) + 1 + MARGIN),
        slice(max(int(columns[0]) - MARGIN, 0), int(columns[-1]) + 1 + MARGIN),
    )
    near, inside = picture[box], mask[box]
    before: Floats = near.astype(np.float32) / np.float32(255)
    colour: Floats = before if before.ndim == 3 else np.repeat(before[:, :, None], 3, axis=2)
    changed = _changed(colour, inside, kind, setting)
    if before.ndim == 2:
        changed = (changed @ _LUMA).astype(np.float32)
    # Softened inwards only: the cut itself must not be what people see, nor must anything reach past the outline.
    alpha = np.clip(ndimage.gaussian_filter(inside.astype(np.float32), _FEATHER) * 2 - 1, 0, 1) * inside
    if before.ndim == 3:
        alpha = alpha[:, :, None]
    mixed = np.rint(np.clip(before + (changed - before) * alpha, 0, 1) * 255).astype(np.uint8)
    change = float(np.sqrt(np.square(mixed[inside].astype(np.float64) - near[inside]).mean()))
    if change < LEAST_CHANGE:
        raise NotVisible(
            f"{kind} changes this region by {change:.1f} of 255 levels, which nobody need see: choose another distortion "
            "or a region with more in it."
        )
    result = picture.copy()
    result[box][inside] = mixed[inside]
    return result


def _changed(picture: Floats, mask: Mask, kind: str, setting: Setting) -> Floats:
    step = setting.strength
    if kind == "blur":
        sigma = BLUR_SIGMA[step]
        return _to_srgb(ndimage.gaussian_filter(_to_linear(picture), (sigma, sigma, 0)))
    if kind == "noise":
        noise = np.random.default_rng(setting.seed).standard_normal(picture.shape, dtype=np.float32)
        noisy: Floats = np.clip(picture + noise * NOISE_SD[step], 0, 1).astype(np.float32)
        return noisy
    if kind == "exposure":
        return _to_srgb(_to_linear(picture) * np.float32(2.0 ** (EXPOSURE_STOPS[step] * setting.direction)))
    if kind == "contrast":
        middle = picture[mask].mean(axis=0)
        pulled: Floats = (middle + (picture - middle) * CONTRAST_FACTOR[step]).astype(np.float32)
        return pulled
    if kind == "colorfulness":
        grey = (picture @ _LUMA)[:, :, None]
        paler: Floats = (grey + (picture - grey) * COLOUR_FACTOR[step]).astype(np.float32)
        return paler
    if kind == "compression":
        return _jpeg(picture, JPEG_QUALITY[step])
    raise ValueError(f"{kind} is none of the six distortions")


def _jpeg(picture: Floats, quality: int) -> Floats:
    buffer = io.BytesIO()
    pixels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=2)
    with Image.open(buffer) as decoded:
        pressed: Floats = (np.asarray(decoded.convert("RGB"), dtype=np.float32) / 255).astype(np.float32)
        return pressed


def _to_linear(srgb: Floats) -> Floats:
    linear: Floats = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4).astype(np.float32)
    return linear


def _to_srgb(linear: Floats) -> Floats:
    held = np.clip(linear, 0, 1)
    srgb: Floats = np.where(held <= 0.0031308, held * 12.92, 1.055 * held ** (1 / 2.4) - 0.055).astype(np.float32)
    return srgb
