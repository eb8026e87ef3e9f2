"""Simulated panels with a known truth."""

from dataclasses import dataclass

import numpy as np

from roiqa.consensus.rules.panel import PanelVotes


def who_rates(rng, rois, annotators, votes):
    """Every ROI is rated by `votes` different people: the ROI and the annotator of each rating."""
    annotator = np.argsort(rng.random((rois, annotators)), axis=1)[:, :votes].ravel()
    return np.repeat(np.arange(rois), votes), annotator


@dataclass(frozen=True)
class SimulatedPanel:
    panel: PanelVotes
    truth: np.ndarray  # (R,) what endless votes without leaning would say


def quality_panel(
    rois=600, annotators=24, votes=7, *, leaning=0.3, scatter=0.75, seed=0, whole=True, bad=0
) -> SimulatedPanel:
    """Quality votes 0..4 around a normal truth; the first `bad` annotators click at random."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(2, 0.95, rois)
    if whole:
        truth = np.clip(truth, 0, 4)
    roi, annotator = who_rates(rng, rois, annotators, votes)
    given = truth[roi] + rng.normal(0, leaning, annotators)[annotator] + rng.normal(0, scatter, len(roi))
    if whole:
        given = np.clip(np.rint(given), 0, 4).astype(np.int64)
    at_random = annotator < bad
    given[at_random] = rng.integers(0, 5, at_random.sum())
    return SimulatedPanel(PanelVotes(roi, annotator, given[:, None], rois, annotators), truth)


def full_panel(rois=600, annotators=24, votes=7, *, seed=0) -> PanelVotes:
    """All eight scales of an honest panel: six distortions of various frequency, quality, importance."""
    rng = np.random.default_rng(seed)
    roi, annotator = who_rates(rng, rois, annotators, votes)
    truth = np.column_stack([rng.normal([5.5, 5.0, 4.5, 5.5, 6.0, 7.5], 2.0, (rois, 6)), rng.normal(2, 1, (rois, 2))])
    leaning = rng.normal(0, 0.3, (annotators, 8))[annotator]
    scatter = rng.uniform(0.6, 0.9, annotators)[annotator]
    given = np.rint(truth[roi] + leaning + rng.normal(0, 1, (len(roi), 8)) * scatter[:, None])
    votes_given = np.clip(given, 0, np.array([5] * 6 + [4] * 2)).astype(np.int64)
    return PanelVotes(roi, annotator, votes_given, rois, annotators)
