"""The pictures of the viewing check against simulated eyes."""

import io

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from roiqa.studies import plates
from roiqa.studies.plates import Picture, figure_and_ground, linear_rgb, pictures

# Viénot, Brettel and Mollon (1999), in linear sRGB: what a dichromat makes of a colour.
DICHROMATS = {
    "protan": np.array([[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]]),
    "deutan": np.array([[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]]),
}


def share_of_blue(rgb: NDArray[np.float64]) -> float:
    """All that is left of hue for protans and deutans, whatever the lightness."""
    return float(rgb[2] / rgb.sum())


def hue(rgb: NDArray[np.float64]) -> NDArray[np.float64]:
    return rgb / rgb.sum()


@pytest.mark.parametrize("kind", ["protan", "deutan"])
def test_digit_and_ground_differ_for_most_people_and_hardly_for_those_the_plate_is_for(kind: str) -> None:
    figure, ground = (linear_rgb(xy, 0.35) for xy in figure_and_ground(kind))
    for_most = np.abs(hue(figure) - hue(ground)).max()
    for_them = abs(share_of_blue(DICHROMATS[kind] @ figure) - share_of_blue(DICHROMATS[kind] @ ground))
    assert for_most > 0.15
    assert for_them < for_most / 6


@pytest.mark.parametrize("kind", ["protan", "deutan", "tritan"])
def test_lightness_does_not_tell_the_digit(kind: str) -> None:
    picture = Picture(kind, 8, seed=3)
    pixels = np.asarray(plates.plate(picture).convert("L"), dtype=float)
    digit = plates._digit("8")
    dots = np.abs(pixels - 128) > 6
    inside, outside = pixels[digit & dots], pixels[~digit & dots]
    assert abs(np.median(inside) - np.median(outside)) < (inside.std() + outside.std()) / 2


def test_the_control_plate_is_read_by_everybody() -> None:
    pixels = np.asarray(plates.plate(Picture("control", 4, seed=3)).convert("L"), dtype=float)
    digit = plates._digit("4")
    dots = np.abs(pixels - 128) > 6
    assert np.median(pixels[digit & dots]) - np.median(pixels[~digit & dots]) > 40


def test_the_same_seed_draws_the_same_pictures_and_another_one_others() -> None:
    assert pictures(5) == pictures(5)
    assert pictures(5) != pictures(6)
    first = pictures(5)[0]
    assert first.png() == first.png()


def test_four_plates_have_four_digits_and_every_kind_once() -> None:
    for seed in range(50):
        *four, dark, light = pictures(seed)
        assert sorted(p.kind for p in four) == sorted(plates.KINDS)
        assert len({p.answer for p in four}) == 4
        assert all(2 <= p.answer <= 9 for p in four)
        assert all(4 <= p.answer <= 7 for p in (dark, light))


@pytest.mark.parametrize(("kind", "ground", "faintest"), [("dark", 0, 9), ("light", 255, 250)])
def test_there_are_as_many_squares_as_the_answer_says(kind: str, ground: int, faintest: int) -> None:
    for count in range(4, 8):
        with Image.open(io.BytesIO(Picture(kind, count, seed=count).png())) as shown:
            levels = set(np.unique(np.asarray(shown)).tolist()) - {ground}
        assert len(levels) == count
        assert faintest in levels
