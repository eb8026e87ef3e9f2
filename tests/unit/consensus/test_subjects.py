"""The bias/inconsistency model and its shrinkage."""

import json
from pathlib import Path

import numpy as np
import pytest

from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.subjects import fit_subjects
from tests.unit.consensus.panels import full_panel, quality_panel

GOLDEN = json.loads((Path(__file__).parents[3] / "fixtures" / "golden" / "consensus" / "sureal_p910.json").read_text())[
    "cases"
]


def annex_e(panel):
    """P.910 Annex E, rating by rating, as methodology 1.3 states it."""
    rows = list(zip(panel.roi.tolist(), panel.annotator.tolist(), panel.votes[:, 0].tolist(), strict=True))
    of_roi = {roi: [row for row in rows if row[0] == roi] for roi in {row[0] for row in rows}}
    of_person = {who: [row for row in rows if row[1] == who] for who in {row[1] for row in rows}}
    psi = {roi: sum(row[2] for row in mine) / len(mine) for roi, mine in of_roi.items()}
    bias = {who: sum(vote - psi[roi] for roi, _, vote in mine) / len(mine) for who, mine in of_person.items()}
    for _ in range(1000):
        sigma = {}
        for who, mine in of_person.items():
            rest = [vote - psi[roi] - bias[who] for roi, _, vote in mine]
            middle = sum(rest) / len(rest)
            sigma[who] = (sum((one - middle) ** 2 for one in rest) / len(rest)) ** 0.5
        weight = {who: 1 / (sigma[who] ** 2 + 1e-8) for who in of_person}
        before = dict(psi)
        for roi, mine in of_roi.items():
            psi[roi] = sum(weight[who] * (vote - bias[who]) for _, who, vote in mine) / sum(
                weight[who] for _, who, _ in mine
            )
        for who, mine in of_person.items():
            bias[who] = sum(vote - psi[roi] for roi, _, vote in mine) / len(mine)
        if sum((psi[roi] - before[roi]) ** 2 for roi in psi) ** 0.5 < 1e-8:
            break
    level = sum(bias.values()) / len(bias)
    return [psi[roi] + level for roi in sorted(psi)], [bias[who] - level for who in sorted(bias)]


def error(found, truth):
    return float(np.sqrt(np.mean((found - truth) ** 2)))


@pytest.mark.parametrize("name", GOLDEN)
def test_without_shrinkage_equals_sureal(name):
    case = GOLDEN[name]
    votes = np.array(case["votes"])
    panel = PanelVotes(votes[:, 0], votes[:, 1], votes[:, 2:], case["rois"], case["annotators"])
    found = fit_subjects(panel, bias_prior=0, sigma_prior=0)
    assert found.converged
    # The golden numbers have twelve decimals; both programs stop when the labels move by less than 1e-8.
    assert found.mos == pytest.approx(np.array(case["quality_scores"]), abs=1e-7)
    assert found.bias == pytest.approx(np.array(case["observer_bias"]), abs=1e-7)
    assert found.inconsistency == pytest.approx(np.array(case["observer_inconsistency"]), abs=1e-7)


def test_without_shrinkage_equals_the_published_equations():
    panel = quality_panel(rois=40, annotators=8, seed=2).panel
    mos, bias = annex_e(panel)
    found = fit_subjects(panel, bias_prior=0, sigma_prior=0)
    assert found.mos == pytest.approx(np.array(mos), abs=1e-7)
    assert found.bias == pytest.approx(np.array(bias), abs=1e-7)


def with_newcomer(panel, roi, vote):
    return PanelVotes(
        np.append(panel.roi, roi),
        np.append(panel.annotator, panel.annotator_count),
        np.append(panel.votes, [[vote]], axis=0),
        panel.roi_count,
        panel.annotator_count + 1,
    )


def test_newcomer_does_not_take_over_an_roi():
    # Methodology 1.3: under the published solver one rating freezes the ROI, since it can be fitted exactly.
    panel = quality_panel(rois=200, seed=4).panel
    joined = with_newcomer(panel, roi=7, vote=2)
    published, ours = fit_subjects(joined, bias_prior=0, sigma_prior=0), fit_subjects(joined)
    assert published.inconsistency[24] < 1e-3
    assert published.standard_error[7] < 1e-2  # as if eight votes had settled the matter
    assert ours.inconsistency[24] == pytest.approx(np.median(ours.inconsistency), abs=0.15)
    assert ours.standard_error[7] > 0.2


@pytest.mark.parametrize(("rois", "annotators", "bad"), [(200, 24, 1), (60, 10, 1)])
def test_small_crowds_gain_by_shrinkage(rois, annotators, bad):
    # Methodology 1.3: 0.313 / 0.302 / 0.266 for 200 ROIs, 0.335 / 0.333 / 0.265 for 60: the order is what matters.
    errors = []
    for seed in range(6):
        simulated = quality_panel(rois=rois, annotators=annotators, bad=bad, seed=seed)
        mean = simulated.panel.totals[:, 0] / simulated.panel.votes_per_roi
        published = fit_subjects(simulated.panel, bias_prior=0, sigma_prior=0).mos
        errors.append([error(found, simulated.truth) for found in (mean, published, fit_subjects(simulated.panel).mos)])
    plain, published, ours = np.mean(errors, axis=0)
    assert ours < 0.95 * plain
    assert ours < 0.985 * published


def test_large_honest_panel_gains_and_careless_people_are_found():
    simulated = quality_panel(rois=1500, bad=3, seed=1)
    found = fit_subjects(simulated.panel)
    mean = simulated.panel.totals[:, 0] / simulated.panel.votes_per_roi
    assert error(found.mos, simulated.truth) < 0.9 * error(mean, simulated.truth)
    assert set(np.argsort(-found.inconsistency)[:3].tolist()) == {0, 1, 2}


def test_leanings_are_recovered():
    panel = quality_panel(rois=1500, leaning=0, seed=1).panel
    harsh = panel.votes.copy()
    harsh[panel.annotator == 5] = np.maximum(harsh[panel.annotator == 5] - 1, 0)
    found = fit_subjects(PanelVotes(panel.roi, panel.annotator, harsh, 1500, 24))
    assert found.bias[5] == pytest.approx(-0.9, abs=0.15)
    assert abs(found.bias.mean()) < 1e-12


def test_standard_error_covers_the_truth():
    # Without leanings and at the middle of the scale the model is exactly right, so 95 % means 95 %.
    simulated = quality_panel(rois=1500, whole=False, seed=2)
    found = fit_subjects(simulated.panel)
    # The panel's own mean leaning cannot be known from within: it is taken out of the truth.
    shift = np.mean(found.mos - simulated.truth)
    covered = np.abs(found.mos - shift - simulated.truth) < 1.96 * found.standard_error
    assert covered.mean() == pytest.approx(0.95, abs=0.02)


def test_rois_and_people_without_ratings_have_no_figures():
    panel = PanelVotes(np.array([0, 0]), np.array([0, 1]), np.array([[1], [3]]), 2, 3)
    found = fit_subjects(panel)
    assert found.mos[0] == pytest.approx(2)
    assert np.isnan([found.mos[1], found.standard_error[1], found.bias[2], found.inconsistency[2]]).all()


def test_model_takes_one_scale():
    with pytest.raises(ValueError, match=r"use panel\.scale"):
        fit_subjects(full_panel(rois=5))
