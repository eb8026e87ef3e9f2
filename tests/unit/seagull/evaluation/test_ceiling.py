import numpy as np
import pytest

from ml.seagull.evaluation.ceiling import panel_ceiling, word_ceiling


def test_five_words_keep_most_of_an_even_spread():
    assert word_ceiling(np.linspace(0, 4, 1001)) == pytest.approx(0.98, abs=0.01)


def test_raters_who_agree_have_a_ceiling_of_one():
    ceiling = panel_ceiling([[7, 0, 0, 0, 0], [0, 0, 7, 0, 0], [0, 0, 0, 0, 7]], halvings=5)
    assert (ceiling.srocc, ceiling.srocc_full, ceiling.same_word) == pytest.approx((1.0, 1.0, 1.0))
    assert ceiling.rois == 3


def test_raters_who_guess_have_none():
    generator = np.random.default_rng(0)
    votes = [np.bincount(generator.integers(0, 5, 6), minlength=5).tolist() for _ in range(400)]
    assert abs(panel_ceiling(votes, halvings=10).srocc) < 0.12


def test_a_noisy_panel_lies_between_and_the_whole_panel_above_its_half():
    generator = np.random.default_rng(0)
    truth = generator.uniform(0, 4, 300)
    votes = [
        np.bincount(np.clip(np.rint(t + 0.8 * generator.standard_normal(8)), 0, 4).astype(int), minlength=5).tolist()
        for t in truth
    ]
    ceiling = panel_ceiling(votes, halvings=10)
    assert 0.8 < ceiling.srocc < ceiling.srocc_full < 0.98


def test_labels_without_votes_have_no_panel_ceiling():
    assert panel_ceiling([[0, 0, 0, 0, 0], [1, 0, 0, 0, 0]]) is None


def test_halves_that_contradict_each_other_have_no_more_than_they_say():
    # Of two ROIs with one vote high and one low each, every halving says the same or the opposite of the other half.
    ceiling = panel_ceiling([[1, 0, 0, 0, 1], [0, 1, 0, 1, 0]], halvings=1, seed=0)
    assert (ceiling.srocc, ceiling.srocc_full) == (-1.0, -1.0)
