"""ITU-R BT.500's screening and its limits with few votes."""

import numpy as np
import pytest

from roiqa.consensus.rules.bt500 import bt500_screening
from roiqa.consensus.rules.panel import PanelVotes
from tests.unit.consensus.panels import quality_panel


def by_plain_loops(panel):
    far, rejected = [], []
    for person in range(panel.annotator_count):
        above = below = 0
        mine = np.flatnonzero(panel.annotator == person)
        for row in mine:
            votes = panel.votes[panel.roi == panel.roi[row], 0]
            mean, sd = votes.mean(), votes.std()
            if sd == 0:
                continue
            kurtosis = ((votes - mean) ** 4).mean() / sd**4
            reach = (2 if 2 <= kurtosis <= 4 else 20**0.5) * sd
            above += panel.votes[row, 0] >= mean + reach
            below += panel.votes[row, 0] <= mean - reach
        far.append((above + below) / len(mine))
        rejected.append(far[-1] > 0.05 and abs(above - below) / (above + below) < 0.3)
    return far, rejected


def test_equals_plain_loops():
    panel = quality_panel(rois=150, annotators=12, bad=2, seed=3).panel
    found = bt500_screening(panel)
    far, rejected = by_plain_loops(panel)
    assert found.far == pytest.approx(np.array(far))
    assert found.rejected.tolist() == rejected


def one_far_vote(raters):
    """Everybody says 2 but one, who says 4."""
    votes = np.full((raters, 1), 2)
    votes[0] = 4
    return PanelVotes(np.zeros(raters, int), np.arange(raters), votes, 1, raters)


@pytest.mark.parametrize(("raters", "reached"), [(20, False), (22, True)])
def test_sqrt_20_takes_more_than_20_raters(raters, reached):
    # Methodology 8: the largest distance of one vote is sqrt(n - 1) population deviations.
    assert bt500_screening(one_far_vote(raters)).far[0] == reached


def test_with_7_votes_the_non_normal_branch_never_fires():
    # Methodology 1.2: the largest possible |x - m| / s of 7 votes is sqrt(6) = 2.45.
    assert bt500_screening(one_far_vote(7)).far.max() == 0


def test_share_of_all_rois_would_hide_a_random_clicker():
    # Methodology 1.2: counted over all ROIs, a random clicker in a sparse design scores 0.026 and is kept.
    panel = quality_panel(rois=1200, bad=1, seed=2).panel
    found = bt500_screening(panel)
    assert found.rejected[0]
    assert found.far[0] * panel.votes_per_annotator[0] / panel.roi_count < 0.05


def test_without_ratings_nobody_is_rejected():
    found = bt500_screening(PanelVotes(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 1), int), 0, 2))
    assert not found.rejected.any()
    assert np.isnan(found.far).all()
