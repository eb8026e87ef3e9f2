"""Variance components and ICC from sparse ratings."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.variance import bootstrap_icc, variance_components
from tests.unit.consensus.panels import quality_panel, who_rates


def by_plain_loops(panel):
    """Alternating row and column means until still, then expected sums of squares: rating by rating."""
    rows = list(zip(panel.roi.tolist(), panel.annotator.tolist(), panel.votes[:, 0].tolist(), strict=True))
    rois, people = sorted({row[0] for row in rows}), sorted({row[1] for row in rows})
    mean, leaning = dict.fromkeys(rois, 0.0), dict.fromkeys(people, 0.0)
    for _ in range(400):
        for roi in rois:
            mine = [vote - leaning[who] for where, who, vote in rows if where == roi]
            mean[roi] = sum(mine) / len(mine)
        for person in people:
            mine = [vote - mean[where] for where, who, vote in rows if who == person]
            leaning[person] = sum(mine) / len(mine)
    squares = sum((vote - mean[where] - leaning[who]) ** 2 for where, who, vote in rows)
    residual = squares / (len(rows) - len(rois) - len(people) + 1)

    def component(effect, position):
        sizes = {key: sum(row[position] == key for row in rows) for key in effect}
        total = sum(sizes.values())
        middle = sum(sizes[key] * effect[key] for key in effect) / total
        spread = sum(sizes[key] * (effect[key] - middle) ** 2 for key in effect)
        weight = total - sum(size**2 for size in sizes.values()) / total
        return max(0.0, (spread - residual * (len(effect) - 1)) / weight)

    return component(mean, 0), component(leaning, 1), residual


def sparse_panel(rois, annotators, votes, seed):
    rng = np.random.default_rng(seed)
    roi, annotator = who_rates(rng, rois, annotators, votes)
    kept = rng.random(len(roi)) < 0.8
    return PanelVotes(roi[kept], annotator[kept], rng.integers(0, 5, (kept.sum(), 1)), rois, annotators)


@settings(deadline=None, max_examples=8)
@given(st.integers(0, 10_000))
def test_equals_plain_loops_on_sparse_ratings(seed):
    panel = sparse_panel(rois=14, annotators=6, votes=5, seed=seed)
    found = variance_components(panel)
    expected = by_plain_loops(panel)
    assert (found.roi[0], found.annotator[0], found.residual[0]) == pytest.approx(expected, abs=1e-6)


def test_recovers_the_truth_of_a_sparse_panel():
    # Methodology 3: truth 0.903 / 0.090 / 0.563; ICC(2,1) 0.59, ICC(2,7) 0.91.
    simulated = quality_panel(rois=3261, leaning=0.3, scatter=0.75, whole=False, seed=3)
    found = variance_components(simulated.panel)
    assert found.roi[0] == pytest.approx(0.9025, abs=0.07)
    assert found.annotator[0] == pytest.approx(0.09, abs=0.06)
    assert found.residual[0] == pytest.approx(0.5625, abs=0.02)
    assert found.icc_single()[0] == pytest.approx(0.59, abs=0.03)
    assert found.icc_mean(7)[0] == pytest.approx(0.91, abs=0.01)


def test_balanced_panel_gives_the_textbook_icc():
    # Shrout and Fleiss (1979), table 2: 6 targets, 4 judges; published ICC(2,1) 0.29, ICC(2,4) 0.62.
    scores = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    roi, annotator = np.divmod(np.arange(24), 4)
    found = variance_components(PanelVotes(roi, annotator, scores.reshape(-1, 1), 6, 4))
    assert found.icc_single()[0] == pytest.approx(0.29, abs=0.005)
    assert found.icc_mean(4)[0] == pytest.approx(0.62, abs=0.005)


def test_newcomer_with_one_rating_changes_little():
    panel = quality_panel(rois=300, seed=5).panel
    newcomer = PanelVotes(
        np.append(panel.roi, 0), np.append(panel.annotator, 24), np.append(panel.votes, [[0]], axis=0), 300, 25
    )
    before, after = variance_components(panel), variance_components(newcomer)
    assert after.icc_single()[0] == pytest.approx(before.icc_single()[0], abs=0.005)


def test_people_who_share_no_roi_do_not_upset_the_fit():
    left, right = (
        quality_panel(rois=200, annotators=10, seed=1).panel,
        quality_panel(rois=200, annotators=10, seed=2).panel,
    )
    both = PanelVotes(
        np.append(left.roi, right.roi + 200),
        np.append(left.annotator, right.annotator + 10),
        np.append(left.votes, right.votes, axis=0),
        400,
        20,
    )
    found = variance_components(both)
    assert 0.4 < found.icc_single()[0] < 0.7


def test_several_scales_are_fitted_as_if_alone():
    one, two = quality_panel(rois=150, seed=1).panel, quality_panel(rois=150, seed=1, scatter=1.2).panel
    both = PanelVotes(one.roi, one.annotator, np.column_stack([one.votes, two.votes]), 150, 24)
    assert variance_components(both).icc_single().tolist() == pytest.approx(
        [*variance_components(one).icc_single(), *variance_components(two).icc_single()]
    )


def test_interval_equals_drawing_images_one_by_one():
    panel = quality_panel(rois=80, annotators=10, seed=6).panel
    images = np.arange(80) // 4
    rng = np.random.default_rng(2)
    plain = []
    for _ in range(300):
        rows, new_roi, next_roi = [], [], 0
        for image in rng.integers(0, 20, 20):
            for roi in range(image * 4, image * 4 + 4):
                mine = np.flatnonzero(panel.roi == roi)
                rows.append(mine)
                new_roi.append(np.full(len(mine), next_roi))
                next_roi += 1
        taken = np.concatenate(rows)
        resample = PanelVotes(np.concatenate(new_roi), panel.annotator[taken], panel.votes[taken], next_roi, 10)
        plain.append(variance_components(resample).icc_single()[0])
    interval = bootstrap_icc(panel, votes=7, clusters=images).single[0]
    width = np.quantile(plain, 0.975) - np.quantile(plain, 0.025)
    assert interval.low == pytest.approx(np.quantile(plain, 0.025), abs=0.25 * width)
    assert interval.high == pytest.approx(np.quantile(plain, 0.975), abs=0.25 * width)


def test_without_two_votes_on_an_roi_nothing_can_be_told():
    lonely = PanelVotes(np.arange(5), np.arange(5) % 2, np.arange(5)[:, None] % 5, 5, 2)
    assert np.isnan(variance_components(lonely).icc_single()).all()


def test_no_ratings_at_all():
    empty = PanelVotes(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 1), int), 0, 0)
    assert np.isnan(variance_components(empty).icc_single()).all()
    assert bootstrap_icc(empty, votes=7, resamples=3).single[0].low is None
