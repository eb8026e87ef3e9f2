"""Severity, presence, ties, clean. Worked numbers: methodology 4.2 to 4.4."""

import itertools
import random
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roiqa.consensus.rules.records import roi_record
from roiqa.consensus.rules.rulesets import ANCHOR_V1, LITERAL_V1, RULESETS, Ruleset, UnknownRuleset, ruleset_named
from roiqa.consensus.rules.votes import UnevenVotes, VoteHistograms, VoteOutOfScale, count_votes
from roiqa.core.scales import DISTORTIONS
from tests.unit.consensus.oracle import label_distortion, level_by_equation_1, mean
from tests.unit.consensus.ratings import Rating, blur_label, histograms, label, quality_label

VOTES_OF_4_2 = [1, 2, 2, 3, 5, 5, 2]
ALL_VOTES_M_4 = Ruleset(name="A/M4", score_maximum=4, severity_maximum=4, severity_counts_nonexistent=True)
PRESENT_VOTES_M_5 = Ruleset(name="B/M5", score_maximum=4, severity_maximum=5, severity_counts_nonexistent=False)

# One rating is 6 severities, quality, importance; an ROI has 1 to 15 of them. A third of all severities is 5, so that
# majorities and ties are common.
severity = st.one_of(st.integers(0, 5), st.integers(0, 5), st.just(5))
rating = st.tuples(*[severity] * 6, st.integers(0, 4), st.integers(0, 4))
roi_ratings = st.lists(rating, min_size=1, max_size=15)
rulesets = st.sampled_from(list(RULESETS.values()))


# 4.2: does the severity mean include "nonexistent"?


def test_severity_of_4_2_in_anchor_v1_is_10_of_5():
    blur = blur_label(VOTES_OF_4_2, ANCHOR_V1)
    assert (blur["severity"], blur["level_word"]) == (2.0, "moderate")


def test_severity_of_4_2_in_literal_v1_is_20_of_7():
    blur = blur_label(VOTES_OF_4_2, LITERAL_V1)
    assert blur["severity"] == 20 / 7 == pytest.approx(2.857, abs=0.0005)
    assert blur["level_word"] == "moderate"


def test_severity_of_4_2_over_all_votes_with_m_4_would_be_minor():
    assert blur_label(VOTES_OF_4_2, ALL_VOTES_M_4)["level_word"] == "minor"


def test_severity_of_4_2_over_present_votes_with_m_5_would_be_severe():
    assert blur_label(VOTES_OF_4_2, PRESENT_VOTES_M_5)["level_word"] == "severe"


@pytest.mark.parametrize("ruleset", [ANCHOR_V1, LITERAL_V1])
def test_both_means_and_the_histogram_are_kept_in_either_ruleset(ruleset):
    blur = blur_label(VOTES_OF_4_2, ruleset)
    assert (blur["severity_present"], blur["severity_all"]) == (2.0, 20 / 7)
    assert blur["votes"] == [0, 1, 3, 1, 0, 2]


def test_mean_over_all_votes_can_leave_the_scale_of_m_4():
    votes = [4, 4, 4, 4, 5, 5, 5]
    assert blur_label(votes)["severity_all"] == pytest.approx(4.43, abs=0.005)
    assert blur_label(votes, ALL_VOTES_M_4)["level"] == 4
    assert blur_label(votes, ANCHOR_V1)["severity"] == 4.0


# 4.3: majority and ties


def test_4_nonexistent_of_7_is_without():
    blur = blur_label([5, 5, 5, 5, 2, 2, 2])
    assert (blur["present"], blur["tie"]) == (False, False)


def test_3_nonexistent_of_7_is_with():
    blur = blur_label([5, 5, 5, 2, 2, 2, 2])
    assert (blur["present"], blur["tie"], blur["severity"]) == (True, False, 2.0)


def test_4_of_8_is_a_tie_and_with():
    blur = blur_label([5, 5, 5, 5, 1, 1, 1, 1])
    assert (blur["present"], blur["tie"], blur["level_word"]) == (True, True, "severe")


@settings(deadline=None)  # a busy machine is not a defect
@given(roi_ratings.filter(lambda ratings: len(ratings) % 2 == 1))
def test_odd_numbers_of_raters_never_tie(ratings):
    assert not label([ratings]).tie[0]


def test_p_present_tells_4_of_7_from_7_of_7():
    assert blur_label([2, 2, 2, 2, 5, 5, 5])["p_present"] == 4 / 7
    assert blur_label([2] * 7)["p_present"] == 1.0


def test_tied_distortion_marks_the_roi():
    tied = roi_record(label([[(5, 5, 5, 5, 5, 5, 2, 2), (5, 5, 1, 5, 5, 5, 2, 2)]]), 0)
    assert (tied["tie"], tied["clean"]) == (True, False)


# 4.4: "without" and "clean"


def seen_by(counts: list[int], raters: int = 7) -> list[Rating]:
    """Ratings in which the d-th distortion is seen (moderate) by the first counts[d] raters."""
    return [(*tuple(2 if rater < count else 5 for count in counts), 3, 2) for rater in range(raters)]


def test_without_has_no_severity_and_no_level():
    blur = blur_label([5, 5, 5, 5, 2, 2, 2])
    assert (blur["severity"], blur["level"], blur["level_word"], blur["interval"], blur["sd"]) == (None,) * 5
    assert blur["severity_present"] == 2.0


def test_roi_is_clean_when_all_six_are_without():
    assert roi_record(label([seen_by([0, 0, 0, 0, 0, 0])]), 0)["clean"]


def test_roi_with_one_distortion_is_not_clean():
    flags = roi_record(label([seen_by([0, 0, 0, 0, 0, 4])]), 0)
    assert (flags["clean"], flags["contested_clean"]) == (False, False)


def test_presence_votes_3_0_2_1_3_0_of_7_are_clean_but_contested():
    record = roi_record(label([seen_by([3, 0, 2, 1, 3, 0])]), 0)
    assert (record["clean"], record["contested_clean"]) == (True, True)
    assert sum(sum(block["votes"][:5]) for block in record["distortions"].values()) == 9  # of 42 votes
    assert record["distortions"]["exposure"]["p_present"] == pytest.approx(0.43, abs=0.005)


def test_presence_votes_of_at_most_2_of_7_are_not_contested():
    assert not label([seen_by([2, 2, 2, 2, 2, 2])]).contested_clean[0]


def test_exactly_40_percent_is_contested():
    assert label([seen_by([2, 0, 0, 0, 0, 0], raters=5)]).contested_clean[0]


# what holds for all votes


@settings(deadline=None)  # a busy machine is not a defect
@given(st.lists(roi_ratings, min_size=1, max_size=6), rulesets)
def test_labels_equal_the_oracle(ratings_by_roi, ruleset):
    table = label(ratings_by_roi, ruleset)
    for row, ratings in enumerate(ratings_by_roi):
        columns = [list(column) for column in zip(*ratings, strict=True)]
        expected = [label_distortion(votes, ruleset.name) for votes in columns[:6]]
        record = roi_record(table, row)
        for name, votes, answer in zip(DISTORTIONS, columns[:6], expected, strict=True):
            block = record["distortions"][name]
            assert (block["present"], block["tie"], block["level"]) == (answer.present, answer.tie, answer.level)
            assert block["severity"] == (None if answer.severity is None else float(answer.severity))
            assert block["severity_all"] == float(mean(votes))
        for scale, votes in (("quality", columns[6]), ("importance", columns[7])):
            assert record[scale]["mean"] == float(mean(votes))
            assert record[scale]["level"] == level_by_equation_1(mean(votes), 4)
        assert record["n"] == len(ratings)
        assert record["clean"] == (not any(answer.present for answer in expected))
        assert record["tie"] == any(answer.tie for answer in expected)


@settings(deadline=None)  # a busy machine is not a defect
@given(roi_ratings, rulesets, st.randoms(use_true_random=False))
def test_labels_do_not_depend_on_the_order_of_annotators(ratings, ruleset, order):
    shuffled = order.sample(ratings, len(ratings))
    assert roi_record(label([ratings], ruleset), 0) == roi_record(label([shuffled], ruleset), 0)


@settings(deadline=None)  # a busy machine is not a defect
@given(st.integers(1, 15), rating)
def test_unanimous_ratings_keep_their_own_answers_in_anchor_v1(n, answer):
    record = roi_record(label([[answer] * n]), 0)
    levels = [record["distortions"][name]["level"] for name in DISTORTIONS]
    assert levels == [None if vote == 5 else vote for vote in answer[:6]]
    assert (record["quality"]["level"], record["importance"]["level"]) == answer[6:]


@settings(deadline=None)  # a busy machine is not a defect
@given(st.lists(st.lists(rating, max_size=4), min_size=1, max_size=5))
def test_rois_without_votes_have_no_row(ratings_by_roi):
    table = label(ratings_by_roi)
    assert table.roi.tolist() == [roi for roi, ratings in enumerate(ratings_by_roi) if ratings]
    assert np.isfinite(table.quality.mean).all()


def test_labels_do_not_depend_on_the_other_rois():
    draw = random.Random(7)
    rois = [
        [(*tuple(draw.randrange(6) for _ in range(6)), draw.randrange(5), draw.randrange(5)) for _ in range(n)]
        for n in (1, 2, 7, 8, 15)
    ]
    together = label(rois)
    assert [roi_record(together, row) for row in range(5)] == [roi_record(label([roi]), 0) for roi in rois]


def test_every_set_of_up_to_4_severity_votes_equals_the_oracle():
    for n, ruleset in itertools.product(range(1, 5), RULESETS.values()):
        for votes in itertools.combinations_with_replacement(range(6), n):
            answer = label_distortion(list(votes), ruleset.name)
            block = blur_label(list(votes), ruleset)
            assert (block["present"], block["tie"], block["level"]) == (answer.present, answer.tie, answer.level)


# mean, sd, interval


def test_sd_is_the_sample_standard_deviation():
    assert quality_label([1, 2, 3])["sd"] == 1.0


def test_sd_of_one_vote_is_none():
    assert quality_label([3])["sd"] is None


def test_quality_mean_is_exact():
    assert quality_label([2, 2, 2, 3, 3, 3, 2])["mean"] == float(Fraction(17, 7))


# what is refused


def test_vote_out_of_scale_is_named():
    with pytest.raises(VoteOutOfScale, match=r"Rating 1: blur is 6, allowed are 0\.\.5"):
        histograms([[(0, 0, 0, 0, 0, 0, 0, 0), (0, 0, 6, 0, 0, 0, 0, 0)]])


def test_negative_vote_is_named():
    with pytest.raises(VoteOutOfScale, match="quality is -1"):
        histograms([[(0, 0, 0, 0, 0, 0, -1, 0)]])


def test_roi_index_out_of_range_is_refused():
    one = np.array([0])
    with pytest.raises(ValueError, match="ROI indices"):
        count_votes(roi=np.array([3]), severities=np.zeros((1, 6), dtype=int), quality=one, importance=one, roi_count=3)


def test_histograms_of_different_numbers_of_ratings_are_refused():
    with pytest.raises(UnevenVotes, match="ROI 0"):
        VoteHistograms(
            severity=np.array([[[7, 0, 0, 0, 0, 0]] * 6]),
            quality=np.array([[7, 0, 0, 0, 0]]),
            importance=np.array([[6, 0, 0, 0, 0]]),
        )


def test_unknown_ruleset_is_answered_with_the_names_there_are():
    with pytest.raises(UnknownRuleset, match="'anchor-v2': choose one of anchor-v1, literal-v1"):
        ruleset_named("anchor-v2")
