"""Low-res logits to full masks: the same as torch's, for wide, high, small and large images."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn import functional

from roiqa.regions import enlarging
from roiqa.regions.enlarging import bilinear, full_mask
from roiqa.regions.masks import Mask, mask_from_array
from roiqa.regions.overlap import ious, is_double
from roiqa.regions.segmentation_models import SegmentationModel

SIZES = [(120, 160), (160, 120), (64, 64), (37, 511), (900, 700), (1, 300)]


def smooth_logits(side: int, seed: int) -> np.ndarray:
    """Blobs, as a decoder makes them."""
    coarse = torch.from_numpy(np.random.default_rng(seed).normal(size=(1, 1, 6, 6)).astype(np.float32))
    return functional.interpolate(coarse, size=(side, side), mode="bicubic")[0, 0].numpy()


def torch_mask(logits: np.ndarray, *, side: int, image_size: tuple[int, int], resized: tuple[int, int]) -> np.ndarray:
    large = functional.interpolate(torch.from_numpy(logits)[None, None], size=(side, side), mode="bilinear")
    cut = large[..., : resized[0], : resized[1]]
    return functional.interpolate(cut, size=image_size, mode="bilinear")[0, 0].numpy() > 0


@pytest.mark.parametrize(("before", "after"), [(1, 5), (5, 1), (7, 7), (32, 128), (128, 97), (3, 1000)])
def test_one_axis_is_torchs_interpolation(before: int, after: int) -> None:
    values = np.random.default_rng(before).normal(size=before).astype(np.float32)
    expected = functional.interpolate(torch.from_numpy(values)[None, None], size=after, mode="linear")[0, 0].numpy()
    np.testing.assert_allclose(bilinear(before, after) @ values, expected, atol=1e-4)


@pytest.mark.parametrize("geometry", ["pad", "stretch"])
@pytest.mark.parametrize("size", SIZES)
def test_masks_are_those_of_torch(tiny_sam: SegmentationModel, geometry: str, size: tuple[int, int]) -> None:
    model = replace(tiny_sam, geometry=geometry)
    side, (height, width) = model.input_size, size
    scale = side / max(size)
    resized = (side, side) if geometry == "stretch" else (max(1, round(height * scale)), max(1, round(width * scale)))
    logits = smooth_logits(model.low_res[0], seed=height)
    mask = full_mask(logits, model=model, image_size=size, resized=resized)
    expected = mask_from_array(torch_mask(logits, side=side, image_size=size, resized=resized))
    assert (mask.height, mask.width) == size
    assert ious(mask, [expected])[0] >= 0.999


def test_blocks_of_columns_change_nothing(tiny_sam: SegmentationModel, monkeypatch: pytest.MonkeyPatch) -> None:
    logits = smooth_logits(32, seed=5)
    masks: list[Mask] = []
    for numbers in (1, 700, 10**7):
        monkeypatch.setattr(enlarging, "_BLOCK_NUMBERS", numbers)
        masks.append(full_mask(logits, model=tiny_sam, image_size=(120, 160), resized=(96, 128)))
    assert masks[0] == masks[1] == masks[2]


def test_nothing_above_zero_is_an_empty_mask(tiny_sam: SegmentationModel) -> None:
    mask = full_mask(np.full((32, 32), -1, np.float32), model=tiny_sam, image_size=(12, 16), resized=(96, 128))
    assert (mask.area, mask.bbox) == (0, (0, 0, 0, 0))


def box(x: int, y: int, w: int, h: int) -> Mask:
    pixels = np.zeros((100, 100), dtype=np.bool_)
    pixels[y : y + h, x : x + w] = True
    return mask_from_array(pixels)


def test_overlap_is_intersection_over_union() -> None:
    np.testing.assert_allclose(
        ious(box(0, 0, 40, 40), [box(0, 0, 40, 40), box(20, 0, 40, 40), box(60, 60, 9, 9)]), [1, 1 / 3, 0]
    )
    assert ious(box(0, 0, 4, 4), []).size == 0


def test_a_double_shares_more_than_85_of_100() -> None:
    assert is_double(box(0, 0, 40, 40), [box(0, 0, 40, 35)])
    assert not is_double(box(0, 0, 40, 40), [box(0, 0, 40, 34)])
    assert not is_double(box(0, 0, 40, 40), [])
