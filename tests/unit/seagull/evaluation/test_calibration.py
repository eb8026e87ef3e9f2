import numpy as np
import pytest

from ml.seagull.evaluation import calibration
from ml.seagull.evaluation.metrics import level_probabilities


def test_bins_hold_what_lies_in_them():
    table = calibration.reliability(np.array([0.05, 0.95, 1.0, 0.91]), np.array([False, True, True, False]), bins=10)
    assert [(row.count, row.accuracy) for row in table] == [(1, 0.0), (3, pytest.approx(2 / 3))]
    assert table[1].confidence == pytest.approx((0.95 + 1 + 0.91) / 3)


def test_calibration_error_is_the_weighted_distance():
    table = calibration.reliability(np.array([0.5, 0.5, 0.9, 0.9]), np.array([True, False, True, False]), bins=10)
    assert calibration.expected_calibration_error(table) == pytest.approx(0.2)


def test_the_temperature_that_sharpened_is_found_again():
    generator = np.random.default_rng(0)
    logits = 1.5 * generator.standard_normal((4000, 5))
    levels = np.array([generator.choice(5, p=row) for row in level_probabilities(logits)])
    sharpened = level_probabilities(3 * logits)
    temperature = calibration.fit_temperature(sharpened, levels)
    assert temperature == pytest.approx(3.0, rel=0.08)
    before, after = sharpened, calibration.at_temperature(sharpened, temperature)
    assert after.argmax(1).tolist() == before.argmax(1).tolist()


def test_the_threshold_parts_what_can_be_parted():
    present, truth = np.array([0.1, 0.2, 0.3, 0.8]), np.array([False, False, True, True])
    assert calibration.fit_threshold(present, truth) == pytest.approx(0.25)


def test_a_type_that_never_occurs_keeps_one_half():
    assert calibration.fit_threshold(np.array([0.9, 0.1]), np.array([False, False])) == 0.5
