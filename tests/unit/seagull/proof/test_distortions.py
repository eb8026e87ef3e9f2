import numpy as np
import pytest

from ml.seagull.language.levels import DISTORTIONS
from ml.seagull.proof.distortions import KINDS, distort, from_bytes
from ml.seagull.proof.fidelity import fidelity_map


@pytest.fixture(scope="module")
def picture():
    generator = np.random.default_rng(0)
    coarse = generator.integers(40, 215, (8, 8, 3))
    return from_bytes(
        np.kron(coarse, np.ones((12, 12, 1))).astype(np.uint8) + generator.integers(0, 20, (96, 96, 3), np.uint8)
    )


def test_the_kinds_are_the_six_types_in_their_order():
    assert tuple(KINDS) == DISTORTIONS


@pytest.mark.parametrize("kind", DISTORTIONS)
def test_a_stronger_distortion_keeps_less(picture, kind):
    kept = [
        fidelity_map(distort(picture, kind=kind, strength=strength, generator=np.random.default_rng(1)), picture).mean()
        for strength in range(5)
    ]
    assert kept == sorted(kept)
    assert kept[0] < 0.75
    assert kept[4] < 0.995


def test_what_did_not_change_is_faithful(picture):
    assert fidelity_map(picture, picture).min() == pytest.approx(1, abs=1e-4)


def test_lost_colours_cost_fidelity_though_the_luma_stays(picture):
    grey = np.repeat((picture @ np.array([0.299, 0.587, 0.114], np.float32))[..., None], 3, axis=-1)
    assert fidelity_map(grey, picture).mean() < 0.9
