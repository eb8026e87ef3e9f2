"""Photographs in linear light and back, RAW files included."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ml.synthesis.camera import XYZ_TO_CAMERAS, demosaic, drawn_camera, known_camera, mosaic_mask
from ml.synthesis.distortions import sensor_noise
from ml.synthesis.random_keys import generator
from ml.synthesis.references import BadReference, read_reference
from ml.synthesis.tone import to_bytes, to_display, to_linear
from tests.unit.synthesis.dng import write_dng


def psnr(first: torch.Tensor, second: torch.Tensor) -> float:
    return float(-10.0 * torch.log10((first - second).square().mean()))


def test_every_display_byte_survives_linear_light():
    levels = torch.arange(256).float() / 255.0
    assert to_bytes(to_display(to_linear(levels))).tolist() == list(range(256))


def test_a_photograph_developed_without_distortion_is_itself(reference):
    assert torch.equal(to_bytes(to_display(reference.linear)), reference.pixels)


def test_the_way_through_the_sensor_loses_nothing_on_unclipped_pixels(reference):
    sensor, gains = reference.camera.sensor(reference.linear)
    back = reference.camera.developed(sensor, gains)
    unclipped = ((sensor > 0.0) & (sensor < 1.0)).all(dim=0)
    assert unclipped.float().mean() > 0.9
    assert psnr(to_display(back)[:, unclipped], reference.display[:, unclipped]) > 40.0


def test_the_mosaic_without_noise_gives_the_photograph_back(reference):
    silent = next(sensor_noise(reference.linear, reference.camera, [1e-12], [generator("silent")]))
    assert psnr(to_display(silent), reference.display) > 40.0


def test_an_even_colour_survives_mosaic_and_demosaic():
    colour = torch.tensor([0.2, 0.5, 0.7]).view(3, 1, 1).expand(3, 20, 22)
    mosaic = (colour * mosaic_mask(20, 22)).sum(dim=0)
    torch.testing.assert_close(demosaic(mosaic[None, None])[0], colour)


def test_a_colour_ramp_is_demosaiced_exactly_inside():
    # Malvar's filters are exact on planes of equal slope in all colours.
    y, x = torch.meshgrid(torch.arange(24.0), torch.arange(26.0), indexing="ij")
    ramp = (0.01 * x + 0.005 * y).expand(3, 24, 26)
    mosaic = (ramp * mosaic_mask(24, 26)).sum(dim=0)
    inside = (..., slice(2, -2), slice(2, -2))
    torch.testing.assert_close(demosaic(mosaic[None, None])[0][inside], ramp[inside])


@given(st.text(min_size=1, max_size=20))
def test_a_drawn_camera_is_a_camera_and_always_the_same(name):
    camera = drawn_camera(name)
    assert np.allclose(camera.from_srgb.sum(axis=1), 1.0)
    assert abs(np.linalg.det(camera.from_srgb)) > 1e-3
    assert drawn_camera(name).gains == camera.gains


def test_a_raw_file_is_developed_in_linear_light_with_its_own_camera(tmp_path):
    camera = known_camera(XYZ_TO_CAMERAS[2], (2.0, 1.0, 1.5))
    y, x = torch.meshgrid(torch.linspace(0.1, 0.4, 64), torch.linspace(0.05, 0.45, 96), indexing="ij")
    scene = torch.stack([x, 0.5 * (x + y), y])
    # The sensor's mosaic of that scene: matrix, then what each filter lets through of grey.
    sensor = torch.einsum("ij,jhw->ihw", torch.tensor(camera.from_srgb).float(), scene) / torch.tensor(
        camera.gains
    ).view(3, 1, 1)
    mosaic = (sensor * mosaic_mask(64, 96)).sum(dim=0)
    path = tmp_path / "scene.dng"
    neutral = tuple(1.0 / gain for gain in camera.gains)
    write_dng(
        path, (mosaic.numpy() * 65535).round().astype(np.uint16), xyz_to_camera=XYZ_TO_CAMERAS[2], neutral=neutral
    )
    reference = read_reference(path)
    assert reference.linear.shape == (3, 64, 96)
    inside = (..., slice(4, -4), slice(4, -4))
    ratio = reference.linear[inside] / scene[inside]
    # LibRaw scales to its own white; what must hold is linearity and neutral white balance.
    assert float(ratio.std() / ratio.mean()) < 0.02
    assert np.allclose(reference.camera.gains, camera.gains, rtol=0.02)


def test_large_photographs_are_reduced_and_turned_upright(tmp_path):
    path = tmp_path / "turned.jpg"
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (600, 300), (200, 30, 30)).save(path, exif=exif)
    assert read_reference(path, long_side=200).pixels.shape == (3, 200, 100)


@pytest.mark.parametrize(
    ("name", "content"), [("broken.jpg", b"\xff\xd8 no"), ("broken.dng", b"II*\0junk"), ("text.png", b"hello")]
)
def test_what_is_no_photograph_is_refused_by_name(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BadReference, match=name):
        read_reference(path)


def test_a_missing_photograph_is_refused_by_name(tmp_path):
    with pytest.raises(BadReference, match=r"gone\.jpg: No such file"):
        read_reference(tmp_path / "gone.jpg")
