"""What a perfect model and what people would score."""

import numpy as np
import pytest

from roiqa.consensus.rules.ceilings import human_ceiling, label_ceiling
from roiqa.consensus.rules.panel import PanelVotes
from tests.unit.consensus.panels import full_panel, who_rates


def quality_votes(truth, votes, seed, sd=0.8):
    rng = np.random.default_rng(seed)
    given = np.clip(np.rint(truth[:, None] + rng.normal(0, sd, (len(truth), votes))), 0, 4)
    return np.stack([(given == value).sum(axis=1) for value in range(5)], axis=1)


@pytest.fixture(scope="module")
def simulated():
    """4,000 ROIs, raters' sd 0.8: the truth, and the histograms of 7 votes each."""
    truth = np.clip(np.random.default_rng(3).normal(2, 1, 4000), 0, 4)
    return truth, quality_votes(truth, 7, seed=1)


def test_worked_numbers(simulated):
    # Methodology 1.4: what 7 buys: SE 0.30, SROCC 0.94, the right word for 71 %; 75 % with 10, 80 % with 15, 84 % with 24.
    ceilings = {ceiling.votes: ceiling for ceiling in label_ceiling(simulated[1], maximum=4)}
    assert ceilings[7].standard_error == pytest.approx(0.30, abs=0.005)
    assert ceilings[7].correlation == pytest.approx(0.94, abs=0.015)
    words = [ceilings[votes].level_accuracy for votes in (7, 10, 15, 24)]
    assert words == pytest.approx([0.71, 0.75, 0.80, 0.84], abs=0.015)


@pytest.mark.parametrize("votes", [7, 15])
def test_estimate_from_7_votes_is_what_endless_votes_show(simulated, votes):
    truth, seen = simulated
    endless = quality_votes(truth, 600, seed=5) @ np.arange(5) / 600
    label = quality_votes(truth, votes, seed=6) @ np.arange(5) / votes
    word = [np.clip(np.ceil(5 * mean / 4) - 1, 0, 4) for mean in (endless, label)]
    (estimate,) = label_ceiling(seen, maximum=4, vote_counts=[votes])
    assert estimate.level_accuracy == pytest.approx((word[0] == word[1]).mean(), abs=0.02)
    assert estimate.correlation == pytest.approx(np.corrcoef(endless, label)[0, 1], abs=0.01)


def test_rois_that_do_not_differ_have_no_ceiling():
    assert label_ceiling(np.array([[0, 0, 7, 0, 0]] * 5), maximum=4) == []
    assert label_ceiling(np.array([[0, 0, 1, 0, 0]]), maximum=4) == []


def test_second_panel_scores_better_than_one_person():
    panel = full_panel(rois=800, seed=1)
    images = np.arange(800) // 8
    person = human_ceiling(panel, clusters=images, resamples=100)
    half = human_ceiling(panel, left_out=None, clusters=images, resamples=100)
    for key in ("type_f1", "severity_f1", "quality_level", "quality_srocc"):
        assert person[key].value < half[key].value
    assert half["type_f1"].interval.low < half["type_f1"].value < half["type_f1"].interval.high


def test_people_who_always_agree_reach_1():
    rng = np.random.default_rng(0)
    roi, annotator = who_rates(rng, 60, 9, 7)
    answers = np.column_stack([rng.integers(0, 6, (60, 6)), rng.integers(0, 5, (60, 2))])
    found = human_ceiling(PanelVotes(roi, annotator, answers[roi], 60, 9), resamples=10)
    assert {key: score.value for key, score in found.items()} == pytest.approx(dict.fromkeys(found, 1.0))


def test_methodology_numbers_of_people_and_second_panels():
    # Methodology 3, synthetic votes: one rater severity F1 .37, type F1 .76; a second panel of 7 .54 and .86.
    person, panel = human_ceiling(full_panel(rois=1200, seed=2), resamples=1), full_panel(rois=1200, votes=14, seed=2)
    second = human_ceiling(panel, left_out=7, resamples=1)
    assert person["type_f1"].value == pytest.approx(0.76, abs=0.06)
    assert person["severity_f1"].value == pytest.approx(0.37, abs=0.06)
    assert second["type_f1"].value == pytest.approx(0.86, abs=0.06)
    assert second["severity_f1"].value == pytest.approx(0.54, abs=0.06)


def test_without_ratings_there_is_no_ceiling():
    empty = PanelVotes(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 8), int), 0, 0)
    assert {score.value for score in human_ceiling(empty).values()} == {None}
