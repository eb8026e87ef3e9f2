"""Gwet's AC2. The judge is the definition, ROI by ROI, pair by pair, in fractions."""

from fractions import Fraction
from itertools import permutations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roiqa.consensus.rules.agreement import ordinal_alpha
from roiqa.consensus.rules.gwet import bootstrap_gwet_ac2, gwet_ac2, ordinal_weights, raw_agreement
from tests.unit.consensus.panels import quality_panel

units = st.lists(st.lists(st.integers(0, 4), min_size=0, max_size=5), min_size=1, max_size=8)


def weight(first, second, answers):
    return 1 - Fraction(comb(abs(first - second) + 1, 2), comb(answers, 2))


def mean(values):
    return sum(values, Fraction(0)) / len(values)


def ac2_by_definition(votes_of_units, answers):
    rated = [unit for unit in votes_of_units if unit]
    comparable = [unit for unit in rated if len(unit) >= 2]
    if not comparable:
        return None
    observed = mean([mean([weight(a, b, answers) for a, b in permutations(unit, 2)]) for unit in comparable])
    shares = [mean([Fraction(unit.count(k), len(unit)) for unit in rated]) for k in range(answers)]
    weights = sum(weight(a, b, answers) for a in range(answers) for b in range(answers))
    by_chance = weights / (answers * (answers - 1)) * sum(share * (1 - share) for share in shares)
    return float((observed - by_chance) / (1 - by_chance))


def counted(votes_of_units, answers=5):
    return np.array([[unit.count(k) for k in range(answers)] for unit in votes_of_units], dtype=np.int64)


@settings(deadline=None, max_examples=60)
@given(units)
def test_equals_the_definition(votes_of_units):
    expected = ac2_by_definition(votes_of_units, 5)
    found = gwet_ac2(counted(votes_of_units))
    assert found == (None if expected is None else pytest.approx(expected, abs=1e-12))


def test_weights_fall_faster_than_the_distance():
    assert ordinal_weights(5)[0] == pytest.approx([1, 0.9, 0.7, 0.4, 0])


def test_prevalence_paradox():
    # Methodology 3: 97 % nonexistent, 3 % trivial, at random: raw agreement 0.996, alpha 0.00, AC2 0.996.
    trivial = np.random.default_rng(11).binomial(7, 0.03, size=3261)
    votes = np.stack([*[np.zeros(3261, dtype=int)] * 4, trivial, 7 - trivial], axis=1)
    assert raw_agreement(votes) == pytest.approx(0.996, abs=0.001)
    assert gwet_ac2(votes) == pytest.approx(0.996, abs=0.001)
    assert ordinal_alpha(votes) == pytest.approx(0, abs=0.02)


def test_rare_but_real_distortion():
    # Methodology 3: 5 % of the ROIs truly compressed: alpha 0.57, AC2 0.99. Some votes stray.
    rng = np.random.default_rng(2)
    compressed = rng.random(3261) < 0.05
    seen = rng.random((3261, 7)) < np.where(compressed, 0.85, 0.015)[:, None]
    severity = np.where(compressed[:, None], np.where(rng.random((3261, 7)) < 0.5, 3, 4), 4)
    votes = np.where(seen, severity, 5)
    table = np.stack([(votes == value).sum(axis=1) for value in range(6)], axis=1)
    assert ordinal_alpha(table) == pytest.approx(0.57, abs=0.06)
    assert gwet_ac2(table) == pytest.approx(0.99, abs=0.01)


def test_perfect_agreement_is_1():
    assert gwet_ac2(np.diag([7, 7, 7, 7, 7])) == 1
    assert gwet_ac2(np.array([[0, 0, 0, 0, 7]] * 3)) == 1


def test_without_a_pair_of_votes_there_is_none():
    assert gwet_ac2(np.array([[1, 0, 0, 0, 0]])) is None
    assert raw_agreement(np.array([[1, 0, 0, 0, 0]])) is None
    assert bootstrap_gwet_ac2(np.zeros((0, 5), dtype=np.int64), resamples=3).undefined == 3


def test_interval_equals_drawing_images_one_by_one():
    votes = quality_panel(rois=120, seed=3).panel.histograms(5)
    images = np.arange(120) // 4
    rng = np.random.default_rng(8)
    plain = []
    for _ in range(400):
        drawn = rng.integers(0, 30, 30)
        plain.append(gwet_ac2(np.concatenate([votes[images == image] for image in drawn])))
    interval = bootstrap_gwet_ac2(votes, clusters=images)
    width = np.quantile(plain, 0.975) - np.quantile(plain, 0.025)
    assert interval.low == pytest.approx(np.quantile(plain, 0.025), abs=0.2 * width)
    assert interval.high == pytest.approx(np.quantile(plain, 0.975), abs=0.2 * width)
