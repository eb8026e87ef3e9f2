import json

import numpy as np
import pytest

from ml.seagull.evaluation.bootstrap import image_bootstrap, paired_bootstrap
from ml.seagull.evaluation.metrics import srocc

IMAGES = np.repeat(np.arange(40), 5).tolist()


def drawn(seed):
    generator = np.random.default_rng(seed)
    truth = np.repeat(generator.standard_normal(40), 5)  # ROIs of one image are alike
    return truth, truth + generator.standard_normal(200)


def test_interval_holds_its_estimate_and_repeats_with_its_seed():
    truth, guess = drawn(0)
    first = image_bootstrap(lambda rows: srocc(guess[rows], truth[rows]), IMAGES, resamples=200, seed=3)
    again = image_bootstrap(lambda rows: srocc(guess[rows], truth[rows]), IMAGES, resamples=200, seed=3)
    assert first == again
    assert first.low < first.estimate < first.high
    assert (first.images, first.resamples, first.undefined) == (40, 200, 0)


def test_whole_images_are_drawn_so_the_interval_is_as_wide_as_40_independent_values_make_it():
    truth, _ = drawn(1)
    clustered = image_bootstrap(lambda rows: float(truth[rows].mean()), IMAGES, resamples=400)
    single = image_bootstrap(lambda rows: float(truth[rows].mean()), list(range(200)), resamples=400)
    assert (clustered.high - clustered.low) / (single.high - single.low) == pytest.approx(5**0.5, rel=0.2)


def test_a_paired_interval_is_narrower_than_two_separate_ones_of_like_models():
    truth, guess = drawn(2)
    better = guess - 0.2 * (guess - truth)
    difference = paired_bootstrap(
        lambda rows: srocc(better[rows], truth[rows]),
        lambda rows: srocc(guess[rows], truth[rows]),
        IMAGES,
        resamples=200,
    )
    assert difference.low > 0
    assert difference.estimate == pytest.approx(srocc(better, truth) - srocc(guess, truth))


def test_resamples_without_a_value_are_left_out_and_counted():
    values = np.array([0.0, 1.0])
    interval = image_bootstrap(lambda rows: srocc(values[rows], values[rows]), ["a", "b"], resamples=100)
    assert 30 < interval.undefined < 70
    assert interval.low == 1.0


def test_an_undefined_number_is_null_in_json():
    interval = image_bootstrap(lambda rows: float("nan"), ["a", "b"], resamples=5)
    assert json.loads(json.dumps(interval.as_json()))["estimate"] is None


def test_no_roi_is_refused():
    with pytest.raises(ValueError, match="No ROI was given"):
        image_bootstrap(lambda rows: 0.0, [])
