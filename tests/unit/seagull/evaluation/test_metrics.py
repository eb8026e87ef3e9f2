"""Golden cases of specs/methodology.md 4.5 to 4.7, and parity with SciPy and with slow oracles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ml.seagull.evaluation import metrics

WORKED_X = [0.10, 0.20, 0.35, 0.50, 0.65, 0.80, 0.90]
WORKED_Y = [0.3, 0.5, 0.9, 2.4, 3.2, 3.5, 3.6]
WORKED_LOGITS = np.array([-1, 0.5, 2, 1.5, -0.5])
TYPES = ["exposure", "noise", "blur", "contrast", "colorfulness", "compression"]
label_sets = st.lists(st.frozensets(st.sampled_from(TYPES)), min_size=1, max_size=12)


def test_raw_and_fitted_correlations_of_the_worked_example():
    x, y = np.array(WORKED_X), np.array(WORKED_Y)
    fit = metrics.logistic_plcc(x, y)
    assert metrics.plcc(x, y) == pytest.approx(0.9735, abs=5e-5)
    assert fit.plcc == pytest.approx(0.9990, abs=5e-5)
    assert fit.converged
    assert fit.parameters == pytest.approx((3.554, 0.303, 0.459, 0.080), abs=6e-4)
    assert metrics.srocc(x, y) == 1.0


def test_a_fit_that_cannot_be_made_reports_the_raw_number_and_says_so():
    fit = metrics.logistic_plcc(np.array([0.1, 0.5, 0.9]), np.array([1.0, 2.0, 3.0]))
    assert (fit.converged, fit.parameters) == (False, None)
    assert fit.plcc == pytest.approx(1.0)


def test_closed_set_score_of_the_worked_example():
    p = metrics.level_probabilities(WORKED_LOGITS)
    assert p.tolist() == pytest.approx([0.025, 0.114, 0.510, 0.309, 0.042], abs=6e-4)
    assert metrics.expected_value(p, np.arange(1.0, 6.0)) == pytest.approx(3.228, abs=5e-4)
    assert metrics.expected_value(p, np.linspace(0, 1, 5)) == pytest.approx(0.557, abs=5e-4)
    assert metrics.expected_value(p, metrics.INDEX_VALUES) == pytest.approx(2.228, abs=5e-4)
    assert metrics.expected_value(p) == pytest.approx(2.18, abs=5e-3)


def test_bin_midpoints_are_those_of_the_specification():
    assert metrics.MIDPOINT_VALUES.tolist() == pytest.approx([0.4, 1.2, 2.0, 2.8, 3.6])


@given(st.integers(0, 2**32 - 1), st.integers(5, 60))
def test_correlations_equal_scipys(seed, size):
    generator = np.random.default_rng(seed)
    x = generator.integers(0, 5, size).astype(float) + 0.1 * generator.integers(0, 3, size)
    y = x + generator.standard_normal(size)
    if np.ptp(x) == 0:
        assert np.isnan(metrics.srocc(x, y))
        return
    assert metrics.srocc(x, y) == pytest.approx(stats.spearmanr(x, y).statistic, abs=1e-12)
    assert metrics.plcc(x, y) == pytest.approx(stats.pearsonr(x, y).statistic, abs=1e-12)


def test_a_constant_side_has_no_correlation():
    assert np.isnan(metrics.srocc(np.ones(4), np.arange(4.0)))


def test_sides_of_different_length_are_refused():
    with pytest.raises(ValueError, match="3 predictions were given for 4 labels"):
        metrics.plcc(np.arange(3.0), np.arange(4.0))


def test_sets_of_types_of_the_worked_example():
    scores = metrics.sample_average([{"blur", "noise", "exposure"}], [{"blur", "noise"}])
    assert (scores.precision, scores.recall, scores.f1) == pytest.approx((2 / 3, 1, 0.8))


def test_sets_of_pairs_of_the_worked_example():
    scores = metrics.sample_average([{("blur", 1), ("noise", 3), ("exposure", 4)}], [{("blur", 1), ("noise", 4)}])
    assert (scores.precision, scores.recall, scores.f1) == pytest.approx((1 / 3, 1 / 2, 0.4))


def test_mean_of_the_four_worked_rois_counts_clean_as_a_label():
    scores = metrics.sample_average(
        [{"blur", "noise", "exposure"}, {"clean"}, {"clean"}, {"blur"}],
        [{"blur", "noise"}, {"clean"}, {"blur"}, {"clean"}],
    )
    assert (scores.precision, scores.recall, scores.f1) == pytest.approx((0.417, 0.5, 0.45), abs=5e-4)


def test_without_clean_rois_only_the_distorted_are_averaged():
    scores = metrics.sample_average([{"blur"}, {"blur"}], [{"blur"}, set()], with_clean=False)
    assert scores.f1 == 1.0


def test_an_answer_that_did_not_parse_scores_nothing_not_even_clean():
    assert metrics.sample_average([None, set()], [set(), set()]).f1 == 0.5


def test_scoring_no_roi_is_refused():
    with pytest.raises(ValueError, match="No ROI"):
        metrics.sample_average([set()], [set()], with_clean=False)


def test_last_column_of_table_2_is_the_macro_mean():
    seagull = [83.33, 39.48, 52.20, 25.00, 24.00, 51.94, 52.58]
    assert metrics.macro(seagull) == pytest.approx(46.93, abs=5e-3)
    assert metrics.macro([1.0, float("nan"), 0.0]) == 0.5


@given(label_sets, st.randoms(use_true_random=False))
def test_scores_equal_those_of_an_indicator_matrix(truth, random):
    """As sklearn's average="samples" and average=None on seven columns, written out slowly."""
    predicted = [frozenset(t for t in TYPES if random.random() < 0.4) for _ in truth]
    columns = [*TYPES, "clean"]

    def indicators(sets):
        return np.array([[c in (s or {"clean"}) for c in columns] for s in sets])

    p, y = indicators(predicted), indicators(truth)
    precision = (p & y).sum(1) / p.sum(1)
    recall = (p & y).sum(1) / y.sum(1)
    f1 = 2 * (p & y).sum(1) / (p.sum(1) + y.sum(1))
    scores = metrics.sample_average(predicted, truth)
    assert (scores.precision, scores.recall, scores.f1) == pytest.approx((precision.mean(), recall.mean(), f1.mean()))
    for column, name in enumerate(columns):
        mentions = p[:, column].sum() + y[:, column].sum()
        expected = 2 * (p & y)[:, column].sum() / mentions if mentions else np.nan
        assert metrics.class_f1(predicted, truth, columns)[name] == pytest.approx(expected, nan_ok=True)
