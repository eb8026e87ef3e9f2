"""All agreement figures together."""

import json

import numpy as np
import pytest

from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.report import agreement_report
from roiqa.core.scales import DISTORTIONS, SCALES
from tests.unit.consensus.panels import full_panel

ROIS = 400


@pytest.fixture(scope="module")
def report():
    return agreement_report(full_panel(rois=ROIS), clusters=np.arange(ROIS) // 8, resamples=150)


def estimates(report):
    for figures in report["scales"].values():
        yield figures["alpha"], figures["alpha_interval"]
        for name in ("icc_single", "icc_mean", "split_half", "ac2"):
            yield figures[name]["value"], figures[name]["interval"]


def test_every_scale_has_every_figure_inside_its_interval(report):
    assert list(report["scales"]) == list(SCALES)
    for value, (low, high) in estimates(report):
        assert low < value < high


def test_report_counts_what_it_is_about(report):
    assert (report["rois"], report["comparable_rois"], report["ratings"]) == (ROIS, ROIS, 7 * ROIS)
    assert (report["annotators"], report["images"], report["resamples"]) == (24, 50, 150)


def test_only_distortions_have_a_prevalence_and_only_scores_a_ceiling(report):
    assert [name for name in SCALES if report["scales"][name]["prevalence"]] == list(DISTORTIONS)
    assert list(report["ceilings"]) == ["quality", "importance"]
    compression = report["scales"]["compression"]
    assert compression["prevalence"]["votes"] == pytest.approx(1 - compression["votes"][5] / (7 * ROIS))


def test_rare_distortion_shows_why_alpha_does_not_stand_alone(report):
    rare = report["scales"]["compression"]
    assert rare["ac2"]["value"] > rare["alpha"] + 0.15


def test_label_is_more_reliable_than_the_single_vote(report):
    for figures in report["scales"].values():
        assert figures["icc_single"]["value"] < figures["icc_mean"]["value"]


def test_report_is_plain_json_and_the_same_every_time(report):
    again = agreement_report(full_panel(rois=ROIS), clusters=np.arange(ROIS) // 8, resamples=150)
    assert json.dumps(report, allow_nan=False) == json.dumps(again, allow_nan=False)


def test_without_resamples_figures_have_no_intervals():
    quick = agreement_report(full_panel(rois=60), resamples=0)
    assert {interval and tuple(interval) for _, interval in estimates(quick)} == {None}
    assert quick["human"]["one_person"]["type_f1"]["interval"] is None
    assert quick["scales"]["quality"]["alpha"] is not None


def test_empty_study_has_a_report_without_figures():
    empty = PanelVotes(np.zeros(0, int), np.zeros(0, int), np.zeros((0, 8), int), 0, 0)
    found = agreement_report(empty, clusters=np.zeros(0, int), resamples=5)
    assert {value for value, _ in estimates(found)} == {None}
    assert found["scales"]["blur"]["note"] == "undefined (no variation)"
    assert found["ceilings"] == {"quality": [], "importance": []}
    json.dumps(found, allow_nan=False)


def test_large_study_is_told_from_a_sample_of_its_rois():
    found = agreement_report(full_panel(rois=10_400), resamples=0)
    assert found["human"]["one_person"]["type_f1"]["value"] == pytest.approx(0.77, abs=0.05)
