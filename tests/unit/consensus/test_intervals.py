"""Clopper-Pearson intervals of a mean. Worked numbers: methodology 1.4 (M = 4)."""

import numpy as np
import pytest

from roiqa.consensus.rules.intervals import mean_interval, sos_parameter, t_interval
from tests.unit.consensus.ratings import quality_label


@pytest.mark.parametrize(
    ("n", "total", "low", "high"),
    [(7, 14, 1.23, 2.77), (7, 26, 3.06, 3.96), (7, 0, 0.0, 0.49), (15, 30, 1.47, 2.53)],
)
def test_worked_interval(n, total, low, high):
    found = mean_interval(np.array([total]), np.array([n]), maximum=4)
    assert (found[0][0], found[1][0]) == pytest.approx((low, high), abs=0.005)


def test_unanimous_best_reaches_the_top_of_the_scale():
    low, high = mean_interval(np.array([28]), np.array([7]), maximum=4)
    assert high[0] == 4.0
    assert low[0] == pytest.approx(4 - 0.49, abs=0.01)


def test_interval_holds_the_mean_for_every_sum_of_7_votes():
    totals = np.arange(29)
    low, high = mean_interval(totals, np.full(29, 7), maximum=4)
    assert (low <= totals / 7).all()
    assert (totals / 7 <= high).all()


def test_interval_of_no_votes_is_undefined():
    low, high = mean_interval(np.array([0]), np.array([0]), maximum=4)
    assert np.isnan([low[0], high[0]]).all()


def test_label_carries_its_interval():
    assert quality_label([2] * 7)["interval"] == pytest.approx([1.23, 2.77], abs=0.005)


def test_students_interval():
    # t(.975; 6) = 2.447 (methodology 1.4).
    low, high = t_interval(np.array([2.0]), np.array([0.8]), np.array([7]))
    assert high[0] - low[0] == pytest.approx(2 * 2.447 * 0.8 / 7**0.5, abs=0.001)
    assert np.isnan(t_interval(np.array([2.0]), np.array([np.nan]), np.array([1]))[0][0])


def test_coverage_of_the_intervals():
    # Methodology 1.4, rater sd 0.8, nominal 95 %: n = 7: 1.96 s/sqrt(n) 89.3 %, t 93.9 %, Clopper-Pearson 98.6 %.
    rng = np.random.default_rng(1)
    rois, n = 6000, 7
    truth = np.clip(rng.normal(2, 1, rois), 0, 4)
    votes, endless = (np.clip(np.rint(truth[:, None] + rng.normal(0, 0.8, (rois, count))), 0, 4) for count in (n, 1000))
    mean, sd, aim = votes.mean(axis=1), votes.std(axis=1, ddof=1), endless.mean(axis=1)
    counts = np.full(rois, n)
    t_low, t_high = t_interval(mean, sd, counts)
    low, high = mean_interval(votes.sum(axis=1).astype(int), counts, maximum=4)
    naive = np.abs(mean - aim) <= 1.96 * sd / np.sqrt(n)
    assert naive.mean() == pytest.approx(0.893, abs=0.015)
    assert ((t_low <= aim) & (aim <= t_high)).mean() == pytest.approx(0.939, abs=0.015)
    assert ((low <= aim) & (aim <= high)).mean() == pytest.approx(0.986, abs=0.008)


def test_sos_parameter_of_one_roi():
    # Methodology 1.4: m = 2, s = 0.8 gives a = 0.64 / 4 = 0.16.
    assert sos_parameter(np.array([2.0]), np.array([0.64]), maximum=4) == pytest.approx(0.16)


def test_sos_parameter_of_coin_tosses_is_a_quarter():
    rng = np.random.default_rng(0)
    share = rng.random((3000, 1))
    votes = (rng.random((3000, 40, 4)) < share[:, :, None]).sum(axis=2)
    assert sos_parameter(votes.mean(axis=1), votes.var(axis=1, ddof=1), maximum=4) == pytest.approx(0.25, abs=0.005)


def test_sos_parameter_needs_means_between_the_ends():
    assert sos_parameter(np.array([0.0, 4.0, np.nan]), np.array([0.0, 0.0, 1.0]), maximum=4) is None
