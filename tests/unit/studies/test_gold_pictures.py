"""The picture of a gold: one distortion inside the mask, nothing anywhere else, always of the test split."""

import io

import numpy as np
import pytest
from PIL import Image as Picture
from PIL import ImageCms

from roiqa.core.scales import DISTORTIONS
from roiqa.images.split import split_of
from roiqa.studies.golds.distorting import LEAST_CHANGE, NotVisible, Setting, distort
from roiqa.studies.golds.expected import accepted_with, check_accepted, passes
from roiqa.studies.golds.pictures import gold_picture, neighbouring_name

CLEAN = dict.fromkeys(DISTORTIONS, 5) | {"quality": 4, "importance": 2}


def texture(*, grey: bool = False) -> np.ndarray:
    """Something like a photograph: colour that varies slowly and detail that varies fast."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:160, 0:200]
    slow = np.stack([120 + 60 * np.sin(x / 30 + k) + 30 * np.cos(y / 25 - k) for k in range(3)], axis=2)
    picture = np.clip(slow + rng.normal(0, 18, (160, 200, 1)), 0, 255).astype(np.uint8)
    return picture[:, :, 0] if grey else picture


def disc() -> np.ndarray:
    y, x = np.mgrid[0:160, 0:200]
    inside = (x - 90) ** 2 + (y - 70) ** 2 < 45**2
    inside[60:80, 80:100] = False  # a hole
    return inside


def png(pixels: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    Picture.fromarray(pixels).save(buffer, "PNG", **options)
    return buffer.getvalue()


@pytest.mark.parametrize("strength", [0, 1])
@pytest.mark.parametrize("kind", DISTORTIONS)
def test_only_pixels_inside_the_mask_change_and_they_do(kind: str, strength: int) -> None:
    picture, mask = texture(), disc()
    changed = distort(picture, mask, kind, Setting(strength=strength, direction=-1, seed=1))
    assert (changed[~mask] == picture[~mask]).all()
    difference = changed[mask].astype(float) - picture[mask]
    assert np.sqrt((difference**2).mean()) >= LEAST_CHANGE


@pytest.mark.parametrize(("kind", "grey"), [("blur", False), ("colorfulness", True)])
def test_what_nobody_could_see_is_refused(kind: str, grey: bool) -> None:
    flat = np.full((160, 200), 130, dtype=np.uint8) if grey else np.full((160, 200, 3), 130, dtype=np.uint8)
    with pytest.raises(NotVisible):
        distort(flat, disc(), kind, Setting(strength=1, direction=1, seed=1))


def test_a_region_at_the_very_edge_can_be_distorted() -> None:
    picture, mask = texture(), np.zeros((160, 200), dtype=bool)
    mask[:40, :40] = True
    assert (distort(picture, mask, "exposure", Setting(0, 1, 1))[~mask] == picture[~mask]).all()


@pytest.mark.parametrize("grey", [False, True])
def test_the_picture_keeps_mode_profile_and_size_and_is_of_the_test_split(grey: bool) -> None:
    profile = b"" if grey else ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    display = png(texture(grey=grey), icc_profile=profile)
    for seed in range(4):
        original, decoded = gold_picture(display, disc(), "noise", Setting(0, 1, seed))
        assert split_of(decoded.sha256) == "test"
        with Picture.open(io.BytesIO(decoded.display_png)) as shown:
            assert (shown.size, shown.mode) == ((200, 160), "L" if grey else "RGB")
            assert shown.info.get("icc_profile", b"") == profile
            assert "Comment" not in shown.info
            pixels = np.asarray(shown)
        assert (pixels[~disc()] == texture(grey=grey)[~disc()]).all()
        with Picture.open(io.BytesIO(original)) as kept:
            assert (np.asarray(kept) == pixels).all()


def test_the_size_of_its_file_lies_among_those_of_its_like() -> None:
    display = png(texture(), compress_level=1)
    sizes = [len(gold_picture(display, disc(), kind, Setting(0, -1, 1))[1].display_png) for kind in DISTORTIONS]
    assert all(0.6 < size / len(display) < 1.6 for size in sizes)


@pytest.mark.parametrize("name", ["street/IMG_0042.jpg", "portrait.png", "7.webp"])
def test_the_name_is_free_and_of_the_same_pattern(name: str) -> None:
    taken = {name}
    for _ in range(12):
        made = neighbouring_name(name, taken=taken)
        assert made not in taken
        folder, suffix = name.rpartition("/")[0], name[-4:]
        assert made.rpartition("/")[0] == folder
        assert made.endswith(suffix)
        assert "gold" not in made
        taken.add(made)


def test_the_distortion_put_in_passes_within_a_level_and_only_if_it_is_the_worst() -> None:
    accepted = accepted_with("blur")
    assert passes(CLEAN | {"blur": 1}, accepted=accepted, put_in="blur")
    assert passes(CLEAN | {"blur": 3, "noise": 4}, accepted=accepted, put_in="blur")
    assert passes(CLEAN | {"blur": 2, "noise": 3}, accepted=accepted, put_in="blur")
    assert not passes(CLEAN | {"blur": 4}, accepted=accepted, put_in="blur")
    assert not passes(CLEAN | {"blur": 1, "noise": 2}, accepted=accepted, put_in="blur")


@pytest.mark.parametrize("level", range(6))
def test_one_answer_for_everything_never_passes(level: int) -> None:
    answer = CLEAN | dict.fromkeys(DISTORTIONS, level)
    assert not any(passes(answer, accepted=accepted_with(kind), put_in=kind) for kind in DISTORTIONS)


def test_somebody_who_clicks_at_random_passes_few() -> None:
    rng = np.random.default_rng(0)
    answers = rng.integers(0, 6, (4000, 6)).tolist()
    passed = [
        passes(dict(zip(DISTORTIONS, levels, strict=True)), accepted=accepted_with("noise"), put_in="noise")
        for levels in answers
    ]
    assert sum(passed) / len(passed) < 0.05


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ({}, "gold_checks_nothing"),
        ({"haze": [1]}, "gold_levels_wrong"),
        ({"blur": [6]}, "gold_levels_wrong"),
        ({"quality": [0, 1, 2, 3, 4]}, "gold_levels_wrong"),
        ({"quality": []}, "gold_levels_wrong"),
    ],
)
def test_levels_that_check_nothing_are_refused(accepted: dict[str, list[int]], code: str) -> None:
    with pytest.raises(Exception, match=r"accept|scale|level") as refused:
        check_accepted(accepted)
    assert refused.value.code == code


def test_levels_come_in_one_order() -> None:
    assert list(check_accepted({"quality": [1, 0, 1], "blur": [5, 4]}).items()) == [
        ("blur", [4, 5]),
        ("quality", [0, 1]),
    ]
