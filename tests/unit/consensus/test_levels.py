"""Eq. (1) of the paper. Worked numbers: methodology 4.1 and its list of test vectors (section 8)."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roiqa.consensus.rules.levels import level_of
from roiqa.consensus.rules.rulesets import ANCHOR_V1, LITERAL_V1
from tests.unit.consensus.oracle import level_by_equation_1
from tests.unit.consensus.ratings import blur_label, quality_label


def level(total: int, n: int, maximum: int = 4) -> int:
    return int(level_of(np.array([total]), np.array([n]), maximum=maximum)[0])


def test_sum_14_of_7_is_fair():
    assert level(14, 7) == 2


def test_sum_4_of_5_is_bad_because_a_bin_holds_its_upper_end():
    assert level(4, 5) == 0  # mean 0.8 = M * 1 / 5


def test_sum_5_of_5_is_poor():
    assert level(5, 5) == 1


def test_sum_0_is_the_lowest_level():
    assert level(0, 7) == 0


def test_sum_28_of_7_is_excellent():
    assert level(28, 7) == 4


def test_sum_17_of_7_with_mean_2_43_is_good():
    assert level(17, 7) == 3


def test_boundary_that_floats_misplace_stays_in_its_bin():
    assert 0.8 * 3 == 2.4000000000000004
    assert level(12, 5) == 2  # mean 2.4 = M * 3 / 5 exactly
    assert level(13, 5) == 3


def test_no_interior_boundary_can_be_hit_with_7_votes():
    boundaries = [Fraction(4 * i, 5) for i in range(1, 5)]
    assert not any(Fraction(total, 7) in boundaries for total in range(29))


@pytest.mark.parametrize("n", [5, 10])
def test_interior_boundaries_can_be_hit_with_5_or_10_votes(n):
    totals = [4 * i * n // 5 for i in range(1, 5)]
    assert [Fraction(total, n) for total in totals] == [Fraction(4 * i, 5) for i in range(1, 5)]
    assert [level(total, n) for total in totals] == [0, 1, 2, 3]
    assert [level(total + 1, n) for total in totals] == [1, 2, 3, 4]


@pytest.mark.parametrize(("vote", "word"), list(enumerate(["extreme", "severe", "moderate", "minor", "trivial"])))
def test_unanimous_severity_keeps_its_name_with_m_4(vote, word):
    assert blur_label([vote] * 7, ANCHOR_V1)["level_word"] == word


@pytest.mark.parametrize(
    ("vote", "word"), [(0, "extreme"), (1, "extreme"), (2, "severe"), (3, "moderate"), (4, "minor")]
)
def test_unanimous_severity_loses_its_name_with_m_5(vote, word):
    assert blur_label([vote] * 7, LITERAL_V1)["level_word"] == word


@pytest.mark.parametrize(("vote", "word"), list(enumerate(["bad", "poor", "fair", "good", "excellent"])))
def test_unanimous_quality_keeps_its_name(vote, word):
    assert quality_label([vote] * 7)["level_word"] == word


def test_spaq_labels_published_by_q_align_are_cut_where_eq_1_cuts_0_to_94():
    # 18.8 / 37.6 / 56.4 / 75.2, in tenths
    assert [level(cut, 10, maximum=94) for cut in (188, 376, 564, 752)] == [0, 1, 2, 3]
    assert [level(cut + 1, 10, maximum=94) for cut in (188, 376, 564, 752)] == [1, 2, 3, 4]


def test_koniq_labels_published_by_q_align_are_cut_between_the_extremes_of_the_data():
    published, low, high = [22.4, 38.15, 53.89, 69.62], 6.7, 85.4
    # The extremes are published to one decimal, so the cuts they give agree to half a unit of it.
    assert [low + (high - low) * i / 5 for i in range(1, 5)] == pytest.approx(published, abs=0.05)


def test_mean_above_m_is_the_highest_level():
    assert level(31, 7) == 4  # votes 4,4,4,4,5,5,5: mean 4.43 has no bin in (0, 4]


@settings(deadline=None)  # a busy machine is not a defect
@given(
    st.integers(1, 15).flatmap(lambda n: st.tuples(st.integers(0, 5 * n), st.just(n))),
    st.sampled_from([4, 5]),
)
def test_level_equals_the_oracle(total_and_n, maximum):
    total, n = total_and_n
    assert level(total, n, maximum) == level_by_equation_1(Fraction(total, n), maximum)


def test_level_of_no_votes_is_refused():
    with pytest.raises(ValueError, match="at least one vote"):
        level(0, 0)


def test_level_of_a_negative_sum_is_refused():
    with pytest.raises(ValueError, match="negative"):
        level(-1, 7)
