"""The six distortions, their settings and recipes."""

import io

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage
from skimage.metrics import structural_similarity

from ml.synthesis import distortions
from ml.synthesis.quality import MultiScaleSSIM, _opponent, _ssim_terms
from ml.synthesis.render import render, render_way
from ml.synthesis.settings import KNOBS, SETTINGS, TYPES, Setting, read_table, table_of
from ml.synthesis.tone import linear_to_srgb, shown, srgb_to_linear, to_bytes, to_display

GOLDEN_TABLE = {
    kind: [[knob.kind, knob.value((n + 1) / 20)] for knob in knobs for n in range(knob.settings)]
    for kind, knobs in KNOBS.items()
}


@pytest.fixture(scope="module")
def table():
    return table_of(GOLDEN_TABLE)


@pytest.mark.parametrize("kind", TYPES)
def test_an_image_alone_equals_the_same_image_of_a_batch(reference, table, kind):
    batch = render(reference, kind, [0, 7, 19, 12], table)
    assert batch.shape == (4, *reference.pixels.shape)
    for place, number in enumerate([0, 7, 19, 12]):
        alone = render(reference, kind, [number], table)[0]
        assert (batch[place].int() - alone.int()).abs().max() <= 1


@pytest.mark.parametrize("kind", TYPES)
def test_a_recipe_renders_the_same_image_again(reference, table, kind):
    assert torch.equal(render(reference, kind, [5, 15], table), render(reference, kind, [5, 15], table))


def test_noise_differs_between_settings_and_references_only_by_its_key(reference, table):
    first, second = render(reference, "noise", [8, 9], table).int() - reference.pixels.int()
    assert abs(np.corrcoef(first.flatten(), second.flatten())[0, 1]) < 0.1


def test_noise_grows_with_light_as_shot_noise_does(reference):
    dark, bright = torch.full((3, 96, 96), 0.05), torch.full((3, 96, 96), 0.5)
    spread = [
        float(
            next(
                distortions.sensor_noise(
                    light, reference.camera, [1e-3], [np.random.Generator(np.random.Philox(key=3))]
                )
            ).std()
        )
        for light in (dark, bright)
    ]
    assert spread[1] > 1.5 * spread[0]


def test_gaussian_blur_equals_scipys(reference):
    blurred = next(distortions.blur(reference.linear, [distortions.gaussian_kernel(2.5)]))
    expected = ndimage.gaussian_filter(
        reference.linear.numpy().astype(float), (0, 2.5, 2.5), mode="mirror", truncate=4.0
    )
    assert np.abs(blurred.numpy() - expected).max() < 1e-5


def test_a_kernel_wider_than_the_picture_still_blurs(reference):
    small = reference.linear[:, :20, :25]
    blurred = next(distortions.blur(small, [distortions.disk_kernel(40.0)]))
    assert blurred.shape == small.shape
    assert blurred.std() < small.std()


@given(st.floats(0.3, 12.0), st.floats(0.0, 3.2))
def test_kernels_keep_the_light(size, angle):
    for kernel in (
        distortions.gaussian_kernel(size),
        distortions.disk_kernel(size),
        distortions.motion_kernel(2 * size, angle),
    ):
        assert abs(float(kernel.sum()) - 1.0) < 1e-5
        assert float(kernel.min()) >= 0.0


def test_one_stop_doubles_the_light_and_white_clips():
    linear = torch.tensor([0.1, 0.4, 0.8]).view(3, 1, 1)
    assert torch.allclose(distortions.expose(linear, [1.0])[0].flatten(), torch.tensor([0.2, 0.8, 1.0]))


def test_no_chroma_is_grey_and_full_chroma_is_the_picture(reference):
    grey, same = linear_to_srgb(distortions.chroma(reference.display, [0.0, 1.0]))
    assert float((grey.max(dim=0).values - grey.min(dim=0).values).max()) < 2e-3
    assert float((same - reference.display).abs().max()) < 1e-3


def test_white_balance_keeps_the_luminance():
    grey = torch.full((3, 4, 4), 0.4)
    shifted = distortions.white_balance(grey, [0.5])[0]
    luminance = torch.einsum("c,chw->hw", torch.tensor(distortions.LUMA), shifted)
    assert torch.allclose(luminance, srgb_to_linear(grey)[0], atol=1e-5)
    assert shifted[0].mean() > shifted[2].mean()


@pytest.mark.parametrize("curve", [to_display, linear_to_srgb])
def test_bytes_looked_up_are_those_computed_but_for_a_few_that_are_next_to_them(curve):
    light = torch.cat([torch.linspace(-0.1, 1.1, 100_001), torch.logspace(-9, 0, 50_001)])
    difference = (shown(light, curve).int() - to_bytes(curve(light)).int()).abs()
    assert difference.max() == 1
    assert difference.float().mean() < 0.006


def test_contrast_factor_one_is_the_picture_and_zero_is_even(reference):
    same, even = distortions.contrast(reference.display, [1.0, 0.0])
    assert torch.allclose(same, reference.display, atol=1e-6)
    assert float(even.std()) < 1e-6


def test_jpeg_is_what_pillow_writes(reference):
    buffer = io.BytesIO()
    Image.fromarray(reference.pixels.permute(1, 2, 0).numpy()).save(buffer, "JPEG", quality=30, subsampling="4:2:0")
    rendered = render_way(reference, [Setting("jpeg", 30)], ["x"])[0]
    assert np.array_equal(rendered.permute(1, 2, 0).numpy(), np.asarray(Image.open(buffer)))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU: none on this machine")
def test_a_gpu_renders_the_same_to_one_level(reference, table):
    from dataclasses import replace

    there = replace(reference, pixels=reference.pixels.cuda(), linear=reference.linear.cuda())
    numbers = list(range(0, SETTINGS, 3))
    for kind in TYPES:
        difference = render(there, kind, numbers, table).cpu().int() - render(reference, kind, numbers, table).int()
        assert difference.abs().max() <= 1, kind


def test_the_shipped_table_is_whole_and_its_scores_fall():
    table = read_table()
    assert {kind: len(rows) for kind, rows in table.settings.items()} == dict.fromkeys(TYPES, SETTINGS)


def test_quality_falls_monotonically_with_the_setting_of_the_shipped_table(reference):
    table, metric = read_table(), MultiScaleSSIM()
    for kind in TYPES:
        scores = metric(render(reference, kind, range(SETTINGS), table).float() / 255.0, reference.display)
        ways: dict[tuple[str, bool], list[float]] = {}
        for setting, score in zip(table.settings[kind], scores.tolist(), strict=True):
            up = setting.value > {"factor": 1.0, "chroma": 1.0}.get(setting.kind, 0.0)
            ways.setdefault((setting.kind, up), []).append(score)
        # The table orders twenty settings by the median of many photographs; on one photograph each way by itself must fall.
        for way, falling in ways.items():
            assert (np.diff(falling) < 0.02).all(), (kind, way, falling)
            assert falling[-1] < falling[0] - 0.2, (kind, way, falling)


def test_a_setting_that_does_not_exist_is_refused(table):
    with pytest.raises(ValueError, match=r"no setting 20 of 'blur'"):
        table.setting("blur", 20)
    with pytest.raises(ValueError, match=r"types are exposure"):
        table.setting("sharpness", 0)


def test_a_table_that_was_changed_by_hand_is_refused(tmp_path):
    from ml.synthesis.settings import SHIPPED_TABLE

    path = tmp_path / "table.json"
    path.write_text(SHIPPED_TABLE.read_text().replace('"jpeg"', '"stops"', 1))
    with pytest.raises(ValueError, match="settings are of version"):
        read_table(path)


def test_the_metric_is_one_for_the_same_picture_and_falls_with_noise(reference):
    metric = MultiScaleSSIM()
    random = torch.Generator().manual_seed(1)
    noise = torch.randn(reference.display.shape, generator=random)
    pictures = torch.stack([(reference.display + strength * noise).clamp(0, 1) for strength in (0.0, 0.02, 0.1, 0.4)])
    scores = metric(pictures, reference.display)
    assert scores[0] == pytest.approx(1.0, abs=1e-5)
    assert (scores.diff() < 0).all()


def test_the_metric_sees_colour_alone(reference):
    grey = linear_to_srgb(distortions.chroma(reference.display, [0.0]))
    assert MultiScaleSSIM()(grey, reference.display) < 0.9


def test_its_ssim_equals_scikit_images(reference):
    luma, other = _opponent(reference.display[None])[:, :1], None
    other = (luma + 0.05 * torch.randn(luma.shape, generator=torch.Generator().manual_seed(2))).clamp(0, 1)
    luminance, structure = _ssim_terms(other, luma)
    _, expected = structural_similarity(
        other[0, 0].numpy(), luma[0, 0].numpy(), gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        data_range=1.0, full=True,
    )  # fmt: skip
    assert np.abs((luminance * structure)[0, 0].numpy() - expected[5:-5, 5:-5]).max() < 2e-3


def test_the_metric_takes_pictures_smaller_than_its_window():
    small = torch.rand(2, 3, 8, 9, generator=torch.Generator().manual_seed(4))
    scores = MultiScaleSSIM()(small, small[0])
    assert ((scores >= 0) & (scores <= 1)).all()
