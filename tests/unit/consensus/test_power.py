"""Planning a study from pilot ratings."""

import numpy as np
import pytest

from roiqa.consensus.rules.power import OutOfReach, images_for_interval, plan_study
from roiqa.consensus.rules.resampling import Interval
from roiqa.consensus.rules.stopping import half_width
from tests.unit.consensus.panels import quality_panel


@pytest.fixture(scope="module")
def pilot():
    return quality_panel(rois=200, leaning=0.2, scatter=0.75, seed=3).panel.histograms(5)


def test_planned_votes_make_the_interval_as_narrow_as_asked(pilot):
    plan = plan_study(pilot, maximum=4, rois=1000, half_width=0.5)
    real = quality_panel(rois=1000, leaning=0.2, scatter=0.75, seed=9, votes=plan.votes_per_roi).panel
    fewer = quality_panel(rois=1000, leaning=0.2, scatter=0.75, seed=9, votes=plan.votes_per_roi - 2).panel
    assert np.median(half_width(real.histograms(5))) <= 0.52
    assert np.median(half_width(fewer.histograms(5))) > 0.5


def test_planned_votes_reach_the_level_accuracy(pilot):
    plan = plan_study(pilot, maximum=4, rois=1000, level_accuracy=0.75)
    rng = np.random.default_rng(5)
    truth = np.clip(rng.normal(2, 0.95, 4000), 0, 4)

    def mean_of(votes):
        return np.clip(np.rint(truth[:, None] + rng.normal(0, 0.78, (4000, votes))), 0, 4).mean(axis=1)

    words = [np.clip(np.ceil(5 * mean / 4) - 1, 0, 4) for mean in (mean_of(500), mean_of(plan.votes_per_roi))]
    assert (words[0] == words[1]).mean() == pytest.approx(0.75, abs=0.02)


def test_both_targets_take_the_larger_number(pilot):
    both = plan_study(pilot, maximum=4, rois=100, half_width=0.6, level_accuracy=0.8)
    assert both.votes_per_roi == max(both.votes_for_half_width, both.votes_for_level_accuracy)
    assert both.ratings == 100 * both.votes_per_roi


def test_nobody_makes_more_than_40_percent_of_the_labels(pilot):
    plan = plan_study(pilot, maximum=4, rois=100, half_width=0.7)
    assert plan.annotators >= plan.votes_per_roi / 0.4
    assert plan.ratings_per_annotator <= 0.4 * 100 + 1


def test_what_one_person_can_do_sets_the_panel(pilot):
    plan = plan_study(pilot, maximum=4, rois=3261, half_width=0.65, ratings_per_annotator=500)
    assert plan.annotators == -(-plan.ratings // 500)


def test_reliability_that_the_pilot_promises_holds(pilot):
    plan = plan_study(pilot, maximum=4, rois=100, half_width=0.6)
    # Truth: 0.95^2 between ROIs, 0.2^2 + 0.75^2 and a twelfth for whole numbers within.
    assert plan.reliability == pytest.approx(0.9025 / (0.9025 + (0.6025 + 1 / 12) / plan.votes_per_roi), abs=0.03)


def test_agreement_interval_halves_with_four_times_the_images():
    assert images_for_interval(Interval(0.5, 0.6, 1000, 0), images=50, half_width=0.025) == 200
    assert images_for_interval(Interval(None, None, 1000, 1000), images=50, half_width=0.025) is None


def test_unreachable_targets_say_what_can_be_had(pilot):
    with pytest.raises(OutOfReach, match="100 votes per ROI reach 0"):
        plan_study(pilot, maximum=4, rois=10, half_width=0.01)
    with pytest.raises(OutOfReach, match="border of two words"):
        plan_study(pilot, maximum=4, rois=10, level_accuracy=0.999)
    equal = np.array([[0, 0, 2, 0, 0]] * 4)
    with pytest.raises(OutOfReach, match="do not differ"):
        plan_study(equal, maximum=4, rois=10, level_accuracy=0.7)


def test_plan_needs_a_target_and_a_pilot(pilot):
    with pytest.raises(ValueError, match="needs a target"):
        plan_study(pilot, maximum=4, rois=10)
    lonely = np.array([[1, 0, 0, 0, 0]] * 3)
    with pytest.raises(ValueError, match="no ROI with two ratings"):
        plan_study(lonely, maximum=4, rois=10, half_width=0.5)
