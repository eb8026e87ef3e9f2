"""Krippendorff's ordinal alpha and its bootstrap."""

import json
from pathlib import Path

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roiqa.consensus.rules.agreement import (
    alpha_of_coincidences,
    bootstrap_ordinal_alpha,
    ordinal_alpha,
    unit_coincidences,
)

GOLDEN = Path(__file__).parents[3] / "fixtures" / "golden" / "consensus"

vote_histograms = st.lists(st.lists(st.integers(0, 4), min_size=6, max_size=6), min_size=1, max_size=20).map(
    lambda rows: np.array(rows, dtype=np.int64)
)


def package_alpha(votes):
    return krippendorff.alpha(value_counts=votes, level_of_measurement="ordinal")


def simulated_votes(rois, raters=7, values=6, seed=3):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(0, values - 1, size=(rois, 1))
    votes = np.clip(np.rint(truth + rng.normal(0, 0.9, size=(rois, raters))), 0, values - 1).astype(int)
    return np.stack([(votes == value).sum(axis=1) for value in range(values)], axis=1)


def test_krippendorffs_own_example_is_0_815():
    example = json.loads((GOLDEN / "krippendorff_4x12.json").read_text())
    units = list(zip(*example["reliability_data"], strict=True))
    votes = np.array([[unit.count(value) for value in range(1, 6)] for unit in units])
    assert ordinal_alpha(votes) == pytest.approx(example["alpha_ordinal"], abs=0.0005) == 0.815


def test_perfect_agreement_is_1():
    assert ordinal_alpha(np.diag([7, 7, 7, 7, 7, 7])) == 1.0


def test_one_and_the_same_answer_everywhere_has_no_alpha():
    assert ordinal_alpha(np.array([[0, 0, 0, 0, 0, 7]] * 20)) is None


def test_rois_with_one_vote_each_have_no_alpha():
    assert ordinal_alpha(np.array([[1, 0, 0, 0, 0], [0, 0, 1, 0, 0]])) is None


def test_variation_only_among_lone_votes_has_no_alpha():
    assert ordinal_alpha(np.array([[0, 0, 3, 0, 0], [1, 0, 0, 0, 0]])) is None


def test_no_rois_have_no_alpha():
    assert ordinal_alpha(np.zeros((0, 6), dtype=np.int64)) is None


def test_rare_distortion_has_high_raw_agreement_and_an_alpha_near_0():
    # Methodology 3, the prevalence paradox: 97 % nonexistent, 3 % trivial, at random.
    trivial = np.random.default_rng(11).binomial(7, 0.03, size=3261)
    votes = np.stack([*[np.zeros(3261, dtype=int)] * 4, trivial, 7 - trivial], axis=1)
    assert abs(ordinal_alpha(votes)) < 0.02


@settings(deadline=None)  # a busy machine is not a defect
@given(vote_histograms)
def test_own_alpha_equals_the_package_to_1e_12(votes):
    mine = alpha_of_coincidences(unit_coincidences(votes).sum(axis=0, keepdims=True))[0]
    reference = ordinal_alpha(votes)
    if reference is None:
        assert np.isnan(mine)
    else:
        assert mine == pytest.approx(reference, abs=1e-12)
        assert reference == pytest.approx(package_alpha(votes), abs=1e-12)


def test_alpha_of_a_resample_equals_the_package_on_the_repeated_rois():
    votes = simulated_votes(200)
    rng = np.random.default_rng(5)
    for _ in range(20):
        drawn = rng.integers(0, 200, size=200)
        counts = np.bincount(drawn, minlength=200).astype(float)
        mine = alpha_of_coincidences((counts @ unit_coincidences(votes))[None])[0]
        assert mine == pytest.approx(package_alpha(votes[drawn]), abs=1e-12)


def test_bootstrap_agrees_with_drawing_rois_one_by_one():
    votes = simulated_votes(150)
    rng = np.random.default_rng(5)
    plain = [package_alpha(votes[rng.integers(0, 150, size=150)]) for _ in range(1000)]
    interval = bootstrap_ordinal_alpha(votes, seed=9)
    # Two runs of 1,000 resamples place a 2.5 % quantile within about a tenth of the interval's width.
    width = np.quantile(plain, 0.975) - np.quantile(plain, 0.025)
    assert interval.low == pytest.approx(np.quantile(plain, 0.025), abs=0.15 * width)
    assert interval.high == pytest.approx(np.quantile(plain, 0.975), abs=0.15 * width)


def test_bootstrap_is_the_same_for_the_same_seed():
    votes = simulated_votes(100)
    assert bootstrap_ordinal_alpha(votes, seed=4) == bootstrap_ordinal_alpha(votes, seed=4)


def test_bootstrap_does_not_depend_on_the_order_of_rois():
    votes = simulated_votes(100)
    assert bootstrap_ordinal_alpha(votes) == bootstrap_ordinal_alpha(votes[::-1])


def test_drawing_images_of_equal_rois_widens_the_interval():
    votes = np.repeat(simulated_votes(60), 10, axis=0)
    images = np.repeat(np.arange(60), 10)
    by_roi, by_image = bootstrap_ordinal_alpha(votes), bootstrap_ordinal_alpha(votes, clusters=images)
    # Ten copies of each ROI carry the information of one: the honest interval is about sqrt(10) times as wide.
    assert (by_image.high - by_image.low) > 2.5 * (by_roi.high - by_roi.low)


def test_clusters_of_one_roi_each_are_the_bootstrap_over_rois():
    votes = simulated_votes(300)
    by_roi, by_cluster = bootstrap_ordinal_alpha(votes), bootstrap_ordinal_alpha(votes, clusters=np.arange(300) * 7)
    assert by_cluster.low == pytest.approx(by_roi.low, abs=0.01)
    assert by_cluster.high == pytest.approx(by_roi.high, abs=0.01)


def test_bootstrap_without_variation_has_no_ends():
    interval = bootstrap_ordinal_alpha(np.array([[0, 0, 0, 0, 0, 7]] * 5), resamples=50)
    assert (interval.low, interval.high, interval.undefined) == (None, None, 50)


def test_bootstrap_of_no_rois_has_no_ends():
    interval = bootstrap_ordinal_alpha(np.zeros((0, 6), dtype=np.int64), resamples=50)
    assert (interval.low, interval.high) == (None, None)


def test_resamples_without_variation_are_left_out_and_counted():
    votes = np.array([[0, 0, 0, 0, 0, 7]] * 4 + [[0, 0, 3, 0, 0, 4]])
    interval = bootstrap_ordinal_alpha(votes)
    # The one ROI with variation is missing from (4/5)^5 = 33 % of the resamples.
    assert 270 < interval.undefined < 390
    assert interval.low is not None


def test_bootstrap_keeps_apart_histograms_of_very_many_raters():
    # Codes of such histograms do not fit 64 bits, so they are told apart by ranks.
    votes = simulated_votes(40, raters=5000)
    interval = bootstrap_ordinal_alpha(votes)
    assert interval.low < ordinal_alpha(votes) < interval.high
