"""Pixels and masks, made ready for the network.

Letters: B images, R ROIs of the whole batch, S side of the network's image, C side of the local crop, H x W the picture.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from ml.seagull.network.config import NetworkConfig

Pixels = npt.NDArray[np.uint8]
BoolMask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ImageInputs:
    pixels: Tensor
    """float32 [B, 3, S, S], RGB in 0..1, not normalised."""

    def to(self, device: torch.device | str) -> "ImageInputs":
        return ImageInputs(self.pixels.to(device, non_blocking=True))


@dataclass(frozen=True, slots=True)
class ROIInputs:
    image_index: Tensor
    """int64 [R], the image of each ROI, ascending."""
    masks: Tensor
    """float32 [R, S, S], the share of each cell that the ROI covers, 0..1; 0 or 1 with the official preprocessing."""
    crops: Tensor
    """float32 [R, 4, C, C], RGB in 0..1 and the mask, at native resolution; official: [R, 3, C, C], RGB."""
    most_per_image: int = 0
    """The ROIs of the fullest image; counted here, where the index still lies on the CPU, if not given."""

    def __post_init__(self) -> None:
        if self.most_per_image == 0 and self.image_index.numel():
            if bool((self.image_index.diff() < 0).any()):
                raise ValueError("image_index is not ascending: sort the ROIs by image")
            object.__setattr__(self, "most_per_image", int(self.image_index.bincount().max()))

    def __len__(self) -> int:
        return self.image_index.shape[0]

    def to(self, device: torch.device | str) -> "ROIInputs":
        return ROIInputs(
            image_index=self.image_index.to(device, non_blocking=True),
            masks=self.masks.to(device, non_blocking=True),
            crops=self.crops.to(device, non_blocking=True),
            most_per_image=self.most_per_image,
        )


def prepare_image(pixels: Pixels, config: NetworkConfig) -> Tensor:
    """A picture (uint8 H x W x 3, sRGB) squashed to float32 [3, S, S] in 0..1; its aspect ratio is not kept.

    official: the shortest edge to S (bicubic, 8 bit), then squashed (bilinear), as the released code does it;
    direct: one antialiased bicubic resize.
    """
    _check_picture(pixels)
    return _resized(pixels, config.image_size, config)


def prepare_roi(
    pixels: Pixels, mask: BoolMask, config: NetworkConfig, *, rng: np.random.Generator | None = None
) -> tuple[Tensor, Tensor]:
    """An ROI's mask [S, S] and crop [3 or 4, C, C] (see ROIInputs) of a picture and a boolean H x W mask.

    The crop of the official branch is the bounding box squashed to C x C, background included. Ours is a C x C window of
    the picture itself, never resized: around the ROI if it fits, else where it covers most of the window; with `rng`
    (training) any window that covers at least half as much. Outside the picture its border is repeated.
    Raises ValueError for an empty mask or one that is not the picture's size.
    """
    _check_picture(pixels)
    if mask.shape != pixels.shape[:2]:
        raise ValueError(
            f"the mask is {mask.shape} and the picture {pixels.shape[:2]}: give them the same height and width"
        )
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    if rows.size == 0:
        raise ValueError("the mask is empty: an ROI has at least one pixel")
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    shares = _mask_at(mask, config)
    if config.local == "official":
        return shares, _resized(pixels[top:bottom, left:right], config.crop_size, config)
    side = config.crop_size
    inside = mask[top:bottom, left:right]
    down, across = _window(inside, side, rng)
    return shares, _native_crop(pixels, mask, top + down, left + across, side)


def _check_picture(pixels: Pixels) -> None:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3:
        raise ValueError(f"the picture is {pixels.dtype} {pixels.shape}: give uint8 height x width x 3, RGB")


def _resized(pixels: Pixels, side: int, config: NetworkConfig) -> Tensor:
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if config.preproc == "direct":
        return _to_unit(picture.resize((side, side), Image.Resampling.BICUBIC))
    width, height = picture.size
    short = min(width, height)
    between = (side, side * height // short) if width <= height else (side * width // short, side)
    unit = _to_unit(picture.resize(between, Image.Resampling.BICUBIC))
    return functional.interpolate(unit[None], size=(side, side), mode="bilinear", align_corners=False)[0]


def _to_unit(picture: Image.Image) -> Tensor:
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1).float().div_(255).contiguous()


def _mask_at(mask: BoolMask, config: NetworkConfig) -> Tensor:
    size = (config.image_size, config.image_size)
    if config.preproc == "official":
        nearest = functional.interpolate(torch.from_numpy(mask)[None, None].float(), size=size, mode="nearest")[0, 0]
        if bool(nearest.any()):
            return nearest
        # A region thinner than the sampling step: the cells it touches, so that no ROI is lost.
        return (_shares(mask, size) > 0).float()
    return _shares(mask, size)


def _shares(mask: BoolMask, size: tuple[int, int]) -> Tensor:
    covered = Image.fromarray(mask.astype(np.float32)).resize(size, Image.Resampling.BOX)
    return torch.from_numpy(np.asarray(covered, dtype=np.float32).copy())


def _window(inside: BoolMask, side: int, rng: np.random.Generator | None) -> tuple[int, int]:
    """Top and left of a side x side window, from the corner of the ROI's bounding box; negative where it is smaller."""
    height, width = inside.shape
    tops, lefts = _starts(height, side), _starts(width, side)
    if len(tops) == len(lefts) == 1:
        return tops[0], lefts[0]
    sums = np.zeros((height + 1, width + 1), dtype=np.int64)
    sums[1:, 1:] = inside.cumsum(axis=0, dtype=np.int64).cumsum(axis=1)
    above, below = np.clip(tops, 0, height), np.clip(np.asarray(tops) + side, 0, height)
    before, after = np.clip(lefts, 0, width), np.clip(np.asarray(lefts) + side, 0, width)
    covered = (
        sums[np.ix_(below, after)]
        - sums[np.ix_(above, after)]
        - sums[np.ix_(below, before)]
        + sums[np.ix_(above, before)]
    )
    if rng is None:
        row, column = np.unravel_index(int(covered.argmax()), covered.shape)
    else:
        row, column = rng.choice(np.argwhere(2 * covered >= covered.max()))
    return tops[int(row)], lefts[int(column)]


def _starts(extent: int, side: int) -> list[int]:
    """Where windows may start along an axis: centred when the box fits, else every eighth of a window and the end."""
    if extent <= side:
        return [(extent - side) // 2]
    return [*range(0, extent - side, max(1, side // 8)), extent - side]


def _native_crop(pixels: Pixels, mask: BoolMask, top: int, left: int, side: int) -> Tensor:
    height, width = mask.shape
    # Repeating the border, not zeros: a black frame would be the strongest edge that the high-pass channels see.
    rows = np.arange(top, top + side)
    columns = np.arange(left, left + side)
    window = np.ix_(np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1))
    real = ((rows >= 0) & (rows < height))[:, None] & ((columns >= 0) & (columns < width))
    crop = np.empty((4, side, side), dtype=np.float32)
    crop[:3] = pixels[window].transpose(2, 0, 1)
    crop[:3] /= 255
    crop[3] = mask[window] & real
    return torch.from_numpy(crop)
