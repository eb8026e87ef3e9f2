"""The stopping rule and its cost forecast."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t

from roiqa.consensus.rules.levels import level_of
from roiqa.consensus.rules.stopping import (
    StoppingRule,
    forecast,
    half_width,
    near_ties,
    pooled_within_variance,
    wanted_votes,
)

MOST = 15
ROIS = 2500


def histogram(votes):
    return np.array([[votes.count(answer) for answer in range(5)]])


def severity_with(seen, n):
    """(1, 6, 6): how many of n raters saw each of the six distortions."""
    table = np.zeros((1, 6, 6), dtype=int)
    table[0, :, 2], table[0, :, 5] = seen, n - np.array(seen)
    return table


UNDISPUTED = (0, 0, 0, 0, 0, 0)


def wanted(votes, seen=UNDISPUTED, rule=None, pooled=0.64, in_test=False):
    found = wanted_votes(
        rule or StoppingRule(),
        quality=histogram(votes),
        severity=severity_with(seen, len(votes)),
        in_test=np.array([in_test]),
        pooled_variance=pooled,
    )
    return int(found[0])


class World:
    """ROIs with 15 votes each, of which a study sees as many as it asked for."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        truth = np.clip(rng.normal(2, 1, ROIS), 0, 4)
        self.quality = np.clip(np.rint(truth[:, None] + rng.normal(0, 0.8, (ROIS, MOST))), 0, 4)
        self.share = 1 / (1 + np.exp(-rng.normal(-1.5, 2.2, (ROIS, 6))))
        self.saw = rng.random((ROIS, 6, MOST)) < self.share[:, :, None]
        noise = np.random.default_rng(seed + 1).normal(0, 0.8, (ROIS, 400))
        self.endless = np.clip(np.rint(truth[:, None] + noise), 0, 4).mean(axis=1)

    def first(self, n):
        """Histograms of quality (R, 5) and severity (R, 6, 6) of the first n (R,) votes."""
        taken = np.arange(MOST) < n[:, None]
        quality = np.stack([((self.quality == value) & taken).sum(axis=1) for value in range(5)], axis=1)
        seen = (self.saw & taken[:, None, :]).sum(axis=2)
        severity = np.zeros((ROIS, 6, 6), dtype=int)
        severity[:, :, 0], severity[:, :, 5] = seen, n[:, None] - seen
        return quality, severity

    def follow(self, rule, in_test=None):
        """Ask for votes until the rule stops everywhere: the numbers of votes."""
        n = np.full(ROIS, rule.fewest)
        pooled = pooled_within_variance(self.first(n)[0])
        while True:
            quality, severity = self.first(n)
            more = wanted_votes(
                rule,
                quality=quality,
                severity=severity,
                in_test=np.zeros(ROIS, dtype=bool) if in_test is None else in_test,
                pooled_variance=pooled,
            )
            if (more == n).all():
                return n
            n = more


@pytest.fixture(scope="module")
def world():
    return World(seed=1)


def rmse_and_level(world, n):
    quality, _ = world.first(n)
    total = quality @ np.arange(5)
    word = np.clip(np.ceil(5 * world.endless / 4) - 1, 0, 4)
    return np.sqrt(np.mean((total / n - world.endless) ** 2)), (level_of(total, n, maximum=4) == word).mean()


@pytest.mark.parametrize(
    ("rule", "mean_votes", "rmse", "level"),
    [
        (StoppingRule(most=7), 7.0, 0.293, 0.719),
        (StoppingRule(near_ties=None), 8.7, 0.261, 0.750),
        (StoppingRule(), 9.6, 0.250, 0.762),
        (StoppingRule(fewest=11, most=11), 11.0, 0.229, 0.782),
        (StoppingRule(fewest=15), 15.0, 0.196, 0.803),
    ],
)
def test_table_of_rules(world, rule, mean_votes, rmse, level):
    # Methodology 7, whose simulation had other ROIs: the votes within 0.6 of a vote, the rest within 0.02.
    n = world.follow(rule)
    found_rmse, found_level = rmse_and_level(world, n)
    assert n.mean() == pytest.approx(mean_votes, abs=0.6)
    assert found_rmse == pytest.approx(rmse, abs=0.02)
    assert found_level == pytest.approx(level, abs=0.02)


def test_stopping_does_not_bend_the_mean(world):
    n = world.follow(StoppingRule())
    quality, _ = world.first(n)
    assert np.mean(quality @ np.arange(5) / n - world.endless) == pytest.approx(0, abs=0.012)


def test_forecast_is_what_following_the_rule_costs(world):
    quality, severity = world.first(np.full(ROIS, 7))
    for rule in (StoppingRule(), StoppingRule(near_ties=None), StoppingRule(half_width=0.5, near_ties=1)):
        n = world.follow(rule)
        found = forecast(rule, quality=quality, severity=severity, in_test=np.zeros(ROIS, dtype=bool))
        assert found.mean_votes == pytest.approx(n.mean(), abs=0.15)
        assert found.extended_share == pytest.approx((n > 7).mean(), abs=0.01)
        assert found.at_most_share == pytest.approx((n == 15).mean(), abs=0.03)
        assert found.votes_above_fewest == found.votes - 7 * ROIS
        assert sum(found.final_votes.values()) == pytest.approx(1)


def test_forecast_of_a_fixed_number_costs_nothing_more(world):
    quality, severity = world.first(np.full(ROIS, 9))
    found = forecast(StoppingRule(most=7), quality=quality, severity=severity, in_test=np.zeros(ROIS, dtype=bool))
    assert (found.mean_votes, found.votes_above_fewest, found.extended_share) == (7, 0, 0)


def test_forecast_needs_rois_that_are_full():
    assert (
        forecast(
            StoppingRule(), quality=histogram([1, 2]), severity=severity_with(UNDISPUTED, 2), in_test=np.array([False])
        )
        is None
    )


def test_half_width_is_the_published_formula():
    # Methodology 7: h = t(.975; 6+n-1) * sqrt(s~^2 / n), s~^2 = (6 s_p^2 + (n-1) s^2) / (6+n-1).
    votes = [2, 2, 3, 1, 2, 4, 2]
    own = np.var(votes, ddof=1)
    expected = t.ppf(0.975, 12) * math.sqrt((6 * 0.64 + 6 * own) / 12 / 7)
    assert half_width(histogram(votes), pooled_variance=0.64)[0] == pytest.approx(expected)


def test_agreement_of_all_does_not_stop_too_early():
    # Raw s = 0 would be a half-width of 0.
    assert half_width(histogram([2] * 7), pooled_variance=0.64)[0] > 0.4


def test_no_votes_have_no_half_width():
    assert half_width(np.zeros((1, 5), dtype=int))[0] == np.inf


def test_settled_roi_wants_no_more_and_an_uncertain_one_two_more():
    assert wanted([2] * 7) == 7
    assert wanted([0, 4, 1, 3, 2, 4, 0]) == 9


def test_a_step_is_finished_before_it_is_looked_at_again():
    assert wanted([2] * 8) == 9
    assert wanted([2] * 9) == 9


def test_never_more_than_most():
    assert wanted([0, 4] * 7 + [2]) == 15
    assert wanted([0, 4] * 8) == 15


def test_two_distortions_near_a_tie_ask_for_more():
    assert wanted([2] * 7, seen=(3, 4, 0, 0, 7, 0)) == 9
    assert wanted([2] * 7, seen=(3, 2, 0, 0, 7, 0)) == 7
    assert wanted([2] * 7, seen=(3, 2, 0, 0, 7, 0), rule=StoppingRule(near_ties=1)) == 9
    assert near_ties(severity_with((3, 4, 2, 0, 7, 5), 7)).tolist() == [2]


def test_test_split_is_never_looked_at_more_closely():
    assert wanted([0, 4, 1, 3, 2, 4, 0], seen=(3, 4, 3, 4, 3, 4), in_test=True) == 7


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 4), min_size=0, max_size=20), st.integers(1, 9), st.integers(0, 8), st.integers(1, 3))
def test_wanted_votes_stay_within_the_rule(votes, fewest, further, step):
    rule = StoppingRule(fewest=fewest, most=fewest + further, step=step)
    found = wanted(votes, rule=rule)
    assert fewest <= found <= rule.most
    assert found >= min(len(votes), rule.most)


@pytest.mark.parametrize(
    "wrong", [{"fewest": 0}, {"fewest": 9, "most": 7}, {"step": 0}, {"half_width": 0}, {"near_ties": 0}]
)
def test_rule_that_cannot_be_followed_is_refused(wrong):
    with pytest.raises(ValueError, match="use"):
        StoppingRule(**wrong)
