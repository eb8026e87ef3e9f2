"""Clopper-Pearson intervals of a mean. Worked numbers: methodology 1.4 (M = 4)."""

import numpy as np
import pytest

from roiqa.consensus.rules.intervals import mean_interval
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
