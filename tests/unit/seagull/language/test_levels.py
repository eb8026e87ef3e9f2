"""Equation (1) and its edges."""

import pytest

from ml.seagull.language.levels import level_of


@pytest.mark.parametrize(
    ("score", "level"),
    [(0, 0), (0.8, 0), (1.0, 1), (1.6, 1), (1.61, 2), (2.4, 2), (17 / 7, 3), (3.2, 3), (4, 4), (4.5, 4)],
)
def test_means_of_votes(score, level):
    assert level_of(score) == level


@pytest.mark.parametrize("vote", range(5))
def test_equal_votes_keep_their_own_word(vote):
    assert level_of(vote) == vote


def test_scores_of_a_metric_are_on_one():
    assert [level_of(score, maximum=1) for score in (0, 0.2, 0.21, 0.6, 0.61, 1)] == [0, 0, 1, 2, 3, 4]


def test_no_number_has_no_level():
    with pytest.raises(ValueError, match="finite"):
        level_of(float("nan"))
