"""Rank correlations. The judge is scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from roiqa.consensus.rules.ranks import grouped_spearman, order_of_means, pearson, spearman, spearman_of_counts

pairs = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=30)


def scipys(first, second):
    if len(set(first)) < 2 or len(set(second)) < 2:
        return None
    return float(spearmanr(first, second).statistic)


@settings(deadline=None, max_examples=60)
@given(pairs)
def test_all_three_ways_equal_scipy(votes):
    first, second = (np.array(column) for column in zip(*votes, strict=True))
    expected = scipys(first.tolist(), second.tolist())
    kinds, counts = np.unique(first * 5 + second, return_counts=True)
    grouped = grouped_spearman(np.ones(len(votes), dtype=int), first, second, 2)
    counted = spearman_of_counts(counts[None].astype(float), kinds // 5, kinds % 5, 5)
    if expected is None:
        assert spearman(first, second) is None
        assert np.isnan([grouped[1], counted[0]]).all()
    else:
        assert [spearman(first, second), grouped[1], counted[0]] == pytest.approx([expected] * 3, abs=1e-12)
    assert np.isnan(grouped[0])


def test_groups_do_not_see_each_other():
    first = np.array([1, 2, 3, 1, 2, 3])
    second = np.array([1, 2, 3, 9, 5, 1])
    assert grouped_spearman(np.array([0, 0, 0, 1, 1, 1]), first, second, 2) == pytest.approx([1, -1])


def test_worked_correlation():
    # Methodology 4.5: raw PLCC 0.9735, SROCC 1.
    x = np.array([0.10, 0.20, 0.35, 0.50, 0.65, 0.80, 0.90])
    y = np.array([0.3, 0.5, 0.9, 2.4, 3.2, 3.5, 3.6])
    assert pearson(x, y) == pytest.approx(0.9735, abs=5e-5)
    assert spearman(x, y) == pytest.approx(1)


def test_one_pair_has_no_correlation():
    assert pearson(np.array([1.0]), np.array([2.0])) is None


def test_order_of_means_is_that_of_fractions():
    total, n = np.array([3, 2, 1, 0, 6, 4]), np.array([6, 4, 3, 1, 5, 2])
    assert order_of_means(total, n).tolist() == [2, 2, 1, 0, 3, 4]
