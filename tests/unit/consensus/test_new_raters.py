"""Intervals over annotators: what other people of the same kind would have said."""

import numpy as np
import pytest

from roiqa.consensus.rules.agreement import ordinal_alpha
from roiqa.consensus.rules.new_raters import rater_intervals
from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.variance import variance_components
from tests.unit.consensus.panels import full_panel, who_rates

ANSWERS = [6] * 6 + [5] * 2


def quality_votes(seed, *, truth, annotators=12, votes=7):
    """A panel of people who differ much in how they lean and scatter, on the same ROIs whatever the seed."""
    rng = np.random.default_rng(seed)
    roi, annotator = who_rates(rng, len(truth), annotators, votes)
    leaning, scatter = rng.normal(0, 0.4, annotators), rng.uniform(0.4, 1.4, annotators)
    given = truth[roi] + leaning[annotator] + rng.normal(0, 1, len(roi)) * scatter[annotator]
    whole = np.clip(np.rint(given), 0, 4).astype(np.int64)
    return PanelVotes(roi, annotator, whole[:, None], len(truth), annotators)


def test_interval_is_as_wide_as_panels_differ():
    # 40 panels of other people on the same 200 ROIs: 95 % intervals should hold the panels' mean about so often.
    truth = np.clip(np.random.default_rng(0).normal(2, 1, 200), 0, 4)
    panels = [quality_votes(seed, truth=truth) for seed in range(40)]
    alphas = np.array([ordinal_alpha(panel.histograms(5)) for panel in panels])
    reliabilities = np.array([variance_components(panel).icc_mean(7)[0] for panel in panels])
    found = [rater_intervals(panel, answers=[5], votes=7, resamples=300) for panel in panels]
    widths = np.array([one.alpha[0].high - one.alpha[0].low for one in found])
    assert widths.mean() / 3.92 == pytest.approx(alphas.std(), rel=0.3)
    assert np.mean([one.alpha[0].low < alphas.mean() < one.alpha[0].high for one in found]) >= 0.85
    assert np.mean([one.icc_mean[0].low < reliabilities.mean() < one.icc_mean[0].high for one in found]) >= 0.85


def test_every_scale_has_an_interval_around_its_figure():
    panel = full_panel(rois=150)
    found = rater_intervals(panel, answers=ANSWERS, votes=7, resamples=200)
    for index, values in enumerate(ANSWERS):
        assert found.alpha[index].low < ordinal_alpha(panel.histograms(values, scale=index)) < found.alpha[index].high
    single, mean = (variance_components(panel).icc_single(), variance_components(panel).icc_mean(7))
    for figures, intervals in ((single, found.icc_single), (mean, found.icc_mean)):
        assert all(one.low < figure < one.high for figure, one in zip(figures, intervals, strict=True))


def test_somebody_drawn_twice_is_not_compared_with_themselves():
    # Annotators who always disagree: a resample in which one person counts twice must not look like agreement.
    rng = np.random.default_rng(1)
    roi, annotator = who_rates(rng, 300, 6, 6)
    panel = PanelVotes(roi, annotator, rng.integers(0, 5, (len(roi), 1)), 300, 6)
    found = rater_intervals(panel, answers=[5], votes=6, resamples=300)
    assert found.alpha[0].low < 0 < found.alpha[0].high < 0.08  # self-pairs would add about 0.15


def test_crowd_is_drawn_in_groups():
    rng = np.random.default_rng(2)
    truth = np.clip(rng.normal(2, 1, 400), 0, 4)
    panel = quality_votes(3, truth=truth, annotators=500, votes=5)
    found = rater_intervals(panel, answers=[5], votes=5, resamples=200)
    alpha = ordinal_alpha(panel.histograms(5))
    assert found.alpha[0].low < alpha < found.alpha[0].high
    assert found.alpha[0].high - found.alpha[0].low < 0.15


def test_few_people_give_no_interval():
    panel = full_panel(rois=20, annotators=4, votes=3)
    assert rater_intervals(panel, answers=ANSWERS, votes=3, resamples=50).alpha is None
