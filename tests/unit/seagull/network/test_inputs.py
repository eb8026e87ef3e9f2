import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.seagull.network.config import NetworkConfig
from ml.seagull.network.inputs import ROIInputs, prepare_image, prepare_roi
from ml.seagull.presets import preset

NATIVE = preset("tiny")
OFFICIAL = preset("tiny", "official")


def picture(height: int, width: int) -> np.ndarray:
    """Every pixel tells where it is: red its row, green its column."""
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows % 256, columns % 256, (rows + columns) % 256], axis=-1).astype(np.uint8)


def box(height: int, width: int, top: int, bottom: int, left: int, right: int) -> np.ndarray:
    mask = np.zeros((height, width), dtype=np.bool_)
    mask[top:bottom, left:right] = True
    return mask


@pytest.mark.parametrize("config", [NATIVE, OFFICIAL], ids=["native", "official"])
@pytest.mark.parametrize("shape", [(300, 200), (90, 400), (128, 128), (31, 33)])
def test_any_picture_becomes_a_square_of_the_networks_size(config: NetworkConfig, shape: tuple[int, int]) -> None:
    image = prepare_image(picture(*shape), config)
    assert image.shape == (3, config.image_size, config.image_size)
    assert image.dtype == torch.float32
    assert 0 <= image.min() <= image.max() <= 1


def test_a_picture_of_the_right_size_is_not_touched() -> None:
    pixels = picture(128, 128)
    expected = torch.from_numpy(pixels).permute(2, 0, 1) / 255
    assert torch.equal(prepare_image(pixels, NATIVE), expected)
    assert torch.equal(prepare_image(pixels, OFFICIAL), expected)


def test_the_native_mask_holds_the_share_of_each_cell() -> None:
    mask, _ = prepare_roi(picture(256, 256), box(256, 256, 0, 2, 0, 3), NATIVE)
    assert mask[0, :3].tolist() == [1.0, 0.5, 0.0]


@settings(max_examples=40, deadline=None)
@given(data=st.data(), official=st.booleans())
def test_no_region_is_lost_however_small(data: st.DataObject, official: bool) -> None:
    height, width = data.draw(st.tuples(st.integers(2, 900), st.integers(2, 900)))
    top, left = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    bottom, right = data.draw(st.integers(top + 1, min(height, top + 40))), data.draw(st.integers(left + 1, width))
    config = OFFICIAL if official else NATIVE
    mask, crop = prepare_roi(picture(height, width), box(height, width, top, bottom, left, right), config)
    assert mask.sum() > 0
    assert 0 <= mask.min() <= mask.max() <= 1
    assert crop.shape == (config.crop_channels, config.crop_size, config.crop_size)
    if not official:
        assert crop[3].sum() > 0


def test_the_native_crop_holds_the_pictures_own_pixels_around_a_small_region() -> None:
    pixels = picture(200, 200)
    _, crop = prepare_roi(pixels, box(200, 200, 90, 110, 70, 100), NATIVE)
    # 96 pixels around the centre of a 20 x 30 box: from row 100 - 48 and column 85 - 48.
    assert torch.equal(crop[:3], torch.from_numpy(pixels[52:148, 37:133]).permute(2, 0, 1) / 255)
    assert crop[3].sum() == 20 * 30


def test_outside_the_picture_its_border_is_repeated_and_the_mask_is_empty() -> None:
    _, crop = prepare_roi(picture(200, 200), box(200, 200, 0, 10, 0, 10), NATIVE)
    assert torch.equal(crop[:3, :43], crop[:3, 43:44].expand(-1, 43, -1))
    assert crop[3].sum() == 100
    assert crop[3, :43].sum() == 0


def test_of_a_large_region_the_window_that_it_fills_most_is_taken() -> None:
    mask = box(400, 400, 0, 400, 0, 20)
    mask[300:400, 0:400] = True
    _, crop = prepare_roi(picture(400, 400), mask, NATIVE)
    assert crop[3].mean() == 1


def test_training_sees_other_windows_and_the_same_seed_the_same_one() -> None:
    pixels, mask = picture(400, 400), box(400, 400, 0, 400, 0, 400)
    crops = [prepare_roi(pixels, mask, NATIVE, rng=np.random.default_rng(seed))[1] for seed in (1, 1, 2)]
    assert torch.equal(crops[0], crops[1])
    assert not torch.equal(crops[0], crops[2])


def test_the_official_crop_ends_with_the_last_row_and_column_of_the_region() -> None:
    # The released code leaves them out, and fails on a region one pixel wide.
    pixels = np.zeros((50, 50, 3), dtype=np.uint8)
    pixels[20, 30] = 255
    _, crop = prepare_roi(pixels, box(50, 50, 20, 21, 30, 31), OFFICIAL)
    assert crop.min() == 1


@pytest.mark.parametrize(
    ("mask", "problem"),
    [(np.zeros((50, 60), dtype=np.bool_), "empty"), (np.ones((60, 50), dtype=np.bool_), r"\(60, 50\)")],
)
def test_a_mask_that_is_empty_or_of_another_size_is_refused(mask: np.ndarray, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        prepare_roi(picture(50, 60), mask, NATIVE)


def test_pixels_that_are_no_rgb_bytes_are_refused() -> None:
    with pytest.raises(ValueError, match="float64"):
        prepare_image(np.zeros((10, 10, 3)), NATIVE)


def test_regions_out_of_the_order_of_their_images_are_refused() -> None:
    with pytest.raises(ValueError, match="ascending"):
        ROIInputs(torch.tensor([1, 0]), torch.ones(2, 8, 8), torch.ones(2, 4, 16, 16))
