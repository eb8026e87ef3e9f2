"""Split-half reliability."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.split_half import bootstrap_split_half, split_half, stepped_up
from tests.unit.consensus.panels import quality_panel


def by_plain_loops(panel, splits, seed):
    """Split every ROI's votes by shuffling them, one ROI after another."""
    rng = np.random.default_rng(seed)
    correlations = []
    for _ in range(splits):
        halves = []
        for roi in range(panel.roi_count):
            votes = rng.permutation(panel.votes[panel.roi == roi, 0])
            if len(votes) >= 2:
                halves.append((votes[: len(votes) // 2].mean(), votes[len(votes) // 2 :].mean()))
        correlations.append(spearmanr(*zip(*halves, strict=True)).statistic)
    return np.mean(correlations)


def test_worked_number():
    # Methodology 3: 24 raters, 7 a ROI: 0.81 for the halves, 0.90 stepped up.
    found = split_half(quality_panel(rois=1500, scatter=0.7, seed=2).panel)
    assert found.half[0] == pytest.approx(0.81, abs=0.015)
    assert found.full[0] == pytest.approx(0.90, abs=0.01)


def test_equals_plain_loops_also_with_unequal_numbers_of_votes():
    panel = quality_panel(rois=120, seed=4).panel
    kept = np.random.default_rng(1).random(len(panel.roi)) < 0.7
    ragged = panel.where(kept)
    # The mean of 40 splits wanders by about 0.003.
    assert split_half(ragged, splits=40).half[0] == pytest.approx(by_plain_loops(ragged, 40, 9), abs=0.012)


def test_spearman_brown():
    # Methodology 3: 0.81 -> 0.90.
    assert stepped_up(np.array([0.81])) == pytest.approx([0.895], abs=0.0005)
    assert stepped_up(np.array([1.0])) == pytest.approx([1.0])


def test_same_seed_same_figure():
    panel = quality_panel(rois=100).panel
    assert split_half(panel, splits=5).half == split_half(panel, splits=5).half


def test_raters_who_agree_perfectly_reach_1():
    panel = quality_panel(rois=100).panel
    votes = (panel.roi % 5)[:, None]
    agreeing = PanelVotes(panel.roi, panel.annotator, votes, 100, 24)
    assert split_half(agreeing, splits=3).full[0] == pytest.approx(1)


def test_interval_over_images_holds_the_figure_and_is_wider_than_over_rois():
    simulated = quality_panel(rois=50, seed=3).panel
    copies = 6
    panel = PanelVotes(
        np.concatenate([simulated.roi + 50 * copy for copy in range(copies)]),
        np.tile(simulated.annotator, copies),
        np.tile(simulated.votes, (copies, 1)),
        50 * copies,
        24,
    )
    by_roi = bootstrap_split_half(panel, resamples=200)[0]
    by_image = bootstrap_split_half(panel, clusters=np.tile(np.arange(50), copies), resamples=200)[0]
    assert by_image.low < split_half(panel, splits=20).full[0] < by_image.high
    assert by_image.high - by_image.low > 1.8 * (by_roi.high - by_roi.low)


def test_without_two_votes_on_any_roi_there_is_none():
    lonely = PanelVotes(np.arange(4), np.zeros(4, int), np.arange(4)[:, None], 4, 1)
    assert np.isnan(split_half(lonely).half).all()
    assert bootstrap_split_half(lonely, resamples=2)[0].low is None
