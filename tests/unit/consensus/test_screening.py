"""Annotators who need a second look: the numbers, the flags, and the methodology's detection table by simulation."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.screening import (
    Flag,
    Golds,
    agreement_bound,
    fast_share,
    leave_one_out,
    line_ratio,
    presence_rates,
    screen,
)
from tests.unit.consensus.panels import full_panel, quality_panel

RANDOM, ALWAYS_FAIR, HALF_INATTENTIVE, HARSH = range(4)
QUALITY = 6
PANELS = 5


def panel_with_four_bad_annotators(seed, rois=2400):
    """24 annotators, 7 votes a ROI; the first four click at random, 90 % "fair", half at random, 1.2 too low."""
    panel = full_panel(rois=rois, seed=seed)
    rng = np.random.default_rng(seed + 1000)
    quality = panel.votes[:, QUALITY].copy()
    chance = rng.integers(0, 5, len(quality))
    who = panel.annotator
    quality = np.where(who == RANDOM, chance, quality)
    quality = np.where((who == ALWAYS_FAIR) & (rng.random(len(quality)) < 0.9), 2, quality)
    quality = np.where((who == HALF_INATTENTIVE) & (rng.random(len(quality)) < 0.5), chance, quality)
    lower = np.clip(np.rint(quality - 1.2 + rng.uniform(-0.5, 0.5, len(quality))), 0, 4)
    quality = np.where(who == HARSH, lower, quality).astype(np.int64)
    votes = panel.votes.copy()
    votes[:, QUALITY] = quality
    return PanelVotes(panel.roi, who, votes, panel.roi_count, panel.annotator_count)


@pytest.fixture(scope="module")
def screenings():
    return [screen(panel_with_four_bad_annotators(seed)) for seed in range(PANELS)]


def detected(screenings, question):
    """The share of panels in which each of the four is found, and the share of honest people who are."""
    answers = np.array([question(one) for one in screenings])
    return [*answers[:, :4].mean(axis=0).tolist(), answers[:, 4:].mean()]


def test_detection_by_leave_one_out_correlation(screenings):
    # Methodology 1.2: 1.00, 1.00, 1.00, 0; good raters never.
    found = detected(screenings, lambda one: ~(one.agreement[:, QUALITY] >= 0.5))
    assert found == [1, 1, 1, 0, 0]
    by_rule = detected(screenings, lambda one: [Flag.LOW_AGREEMENT in flags for flags in one.flags])
    assert by_rule == [1, 1, 1, 0, 0]


def test_detection_by_inconsistency(screenings):
    # Methodology 1.2: 1.00, 0, 0.85, 0; good raters never.
    found = detected(screenings, lambda one: [Flag.INCONSISTENT in flags for flags in one.flags])
    assert found[:2] == [1, 0]
    assert found[2] >= 0.65
    assert found[3:] == pytest.approx([0, 0], abs=0.02)


def test_detection_by_line_clicker_ratio(screenings):
    # Methodology 1.2: 0, 1.00, 0, 0.
    assert detected(screenings, lambda one: one.line_ratio[:, 0] > 2) == [0, 1, 0, 0, 0]


def test_detection_by_bt500(screenings):
    # Methodology 1.2: 1.00, 0, 0.25, 0: it misses the one who always says "fair".
    found = detected(screenings, lambda one: one.bt500_rejected)
    assert found[0] >= 0.8
    assert found[1] == 0
    assert found[2] <= 0.5
    assert found[3:] == [0, 0]


def test_harsh_annotator_is_corrected_and_not_flagged(screenings):
    for one in screenings:
        assert Flag.LOW_AGREEMENT not in one.flags[HARSH]
        # 1.2 below the others at the middle of the scale, less at its end, and own leanings up to half a level.
        assert -1.6 < one.bias[HARSH, 0] < -0.4
        assert one.bias[:, 0].argmin() == HARSH


def test_honest_people_are_hardly_ever_flagged(screenings):
    flagged = [bool(flags) for one in screenings for flags in one.flags[4:]]
    assert np.mean(flagged) <= 0.03


def test_honest_correlations_are_what_the_methodology_says(screenings):
    # Methodology 1.2: good raters: mean 0.71, minimum 0.61.
    honest = np.array([one.agreement[4:, QUALITY] for one in screenings])
    assert honest.mean() == pytest.approx(0.71, abs=0.04)
    assert honest.min() > 0.5


def test_leave_one_out_equals_scipy_person_by_person():
    panel = quality_panel(rois=90, annotators=9, seed=3).panel
    table = np.full((90, 9), np.nan)
    table[panel.roi, panel.annotator] = panel.votes[:, 0]
    found = leave_one_out(panel)
    for person in range(9):
        mine = ~np.isnan(table[:, person])
        others = np.nanmean(np.delete(table[mine], person, axis=1), axis=1)
        assert found[person] == pytest.approx(spearmanr(table[mine, person], others).statistic)


def test_rois_that_nobody_else_rated_do_not_count():
    votes = np.array([[0], [1], [2], [0], [1], [2], [4]])
    panel = PanelVotes(np.array([0, 1, 2, 0, 1, 2, 3]), np.array([0, 0, 0, 1, 1, 1, 0]), votes, 4, 2)
    assert leave_one_out(panel) == pytest.approx([1, 1])


def test_fewer_than_50_ratings_are_never_flagged():
    panel = quality_panel(rois=80, seed=1, bad=24).panel
    votes = np.column_stack([np.full((len(panel.roi), 6), 5), panel.votes, np.full(len(panel.roi), 2)])
    few = screen(PanelVotes(panel.roi, panel.annotator, votes, 80, 24))
    assert few.ratings.max() < 50
    assert set(few.flags) == {()}


def test_bound_follows_the_panel_but_never_below_035():
    assert agreement_bound(np.array([0.70, 0.72, 0.68, 0.71])) == pytest.approx(0.705 - 3 * 1.4826 * 0.01)
    assert agreement_bound(np.array([0.3, 0.5, 0.1, 0.4])) == 0.35
    assert agreement_bound(np.zeros(0)) == 0.35


def test_line_ratio_counts_the_favourite_against_the_rest():
    panel = PanelVotes(np.arange(6), np.array([0, 0, 0, 1, 1, 2]), np.array([[2], [2], [1], [4], [4], [0]]), 6, 4)
    assert line_ratio(panel).tolist() == pytest.approx([2, np.inf, np.inf, np.nan], nan_ok=True)


def test_who_sees_blur_everywhere_is_flagged_and_who_looks_like_the_others_is_not():
    panel = full_panel(rois=800, seed=4)
    votes = panel.votes.copy()
    blur = 2
    votes[panel.annotator == 3, blur] = np.minimum(votes[panel.annotator == 3, blur], 3)
    own, others, z = presence_rates(PanelVotes(panel.roi, panel.annotator, votes[:, :6], 800, 24))
    assert own[3, blur] == 1
    assert others[3, blur] < 0.8
    assert z[3, blur] > 3
    assert np.abs(np.delete(z[:, blur], 3)).max() < 3


def test_golds_are_judged_after_ten():
    panel = full_panel(rois=60, annotators=9)
    golds = Golds(answered=np.array([9, 10, 10, 0, 0, 0, 0, 0, 0]), passed=np.array([0, 6, 7, 0, 0, 0, 0, 0, 0]))
    found = screen(panel, golds=golds)
    assert [Flag.GOLDS_FAILED in flags for flags in found.flags[:3]] == [False, True, False]
    assert found.gold_rate[:4] == pytest.approx([0, 0.6, 0.7, np.nan], nan_ok=True)


def test_haste_is_measured_against_the_own_pace():
    assert fast_share([]) is None
    assert fast_share([5.9, 6, 7, 8]) == 0.25
    assert fast_share([60, 60, 60, 19]) == 0.25


def test_empty_study_has_no_flags():
    empty = screen(PanelVotes(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 8), int), 0, 2))
    assert empty.flags == ((), ())
    assert np.isnan(empty.agreement).all()
