"""How good can a model look on these labels? Two answers that belong beside every accuracy.

The **label ceiling** is what someone who knew the truth would score: the labels themselves are means of few votes. The
**human ceiling** is what other people score against the labels, by the measures that models are scored with.

Shapes: R ROIs, D = 6 distortions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from roiqa.consensus.rules.label_metrics import severity_scores, type_scores
from roiqa.consensus.rules.labels import LabelTable, label_rois
from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.ranks import spearman
from roiqa.consensus.rules.resampling import RESAMPLES, Interval, bootstrap_mean
from roiqa.consensus.rules.rulesets import DEFAULT_RULESET, Ruleset
from roiqa.consensus.rules.votes import IntArray, VoteHistograms, count_votes
from roiqa.core.scales import DISTORTIONS, LEVEL_COUNT, SCALES

FloatArray = npt.NDArray[np.float64]

VOTE_COUNTS: Final = (7, 10, 15, 24)
# More ROIs than these, drawn at random, would not change a printed digit of the human ceiling.
LARGE_STUDY_ROIS: Final = 10_000


@dataclass(frozen=True, slots=True)
class LabelCeiling:
    """What labels of this many votes per ROI are worth."""

    votes: int
    standard_error: float  # of the mean of the votes, units of the scale
    level_accuracy: float  # share of ROIs whose word is the one that endless votes would give
    correlation: float  # of the means with those of endless votes: no model can be expected to correlate better


def label_ceiling(votes: IntArray, *, maximum: int, vote_counts: Sequence[int] = VOTE_COUNTS) -> list[LabelCeiling]:
    """The ceiling of labels made from various numbers of votes, estimated from the histograms (R, V) of one scale.

    Empty if no ROI has two votes or the ROIs do not differ. Method: the spread of votes within ROIs tells how far a
    mean of n votes strays. The means of the study are drawn towards each other until their spread is that of the true
    means, and for each the chance is computed that a mean of n votes falls into the same fifth of the scale.
    """
    n = votes.sum(axis=1)
    votes, n = votes[n >= 2], n[n >= 2]
    if not len(votes):
        return []
    values = np.arange(votes.shape[1])
    means = votes @ values / n
    variances = (votes @ values**2 / n - means**2) * n / (n - 1)
    within = float((variances * (n - 1)).sum() / (n - 1).sum())
    between = max(float(means.var()) - within * float((1 / n).mean()), 0.0)
    if between == 0:
        return []
    truth = means.mean() + np.sqrt(between / means.var()) * (means - means.mean())
    # Votes spread less at the ends of the scale: var = a * m * (top - m), the SOS hypothesis, with the a of this study.
    room = np.clip(truth, 0, values[-1]) * (values[-1] - np.clip(truth, 0, values[-1]))
    spread = room * (within / room.mean() if room.any() else 0.0)
    edges = maximum * np.arange(1, LEVEL_COUNT) / LEVEL_COUNT
    level = np.searchsorted(edges, truth)
    low, high = np.append(-np.inf, edges)[level], np.append(edges, np.inf)[level]
    ceilings = []
    for count in vote_counts:
        error = np.sqrt(np.maximum(spread / count, 1e-12))
        same = ndtr((high - truth) / error) - ndtr((low - truth) / error)
        ceilings.append(
            LabelCeiling(
                votes=count,
                standard_error=float(np.sqrt(within / count)),
                level_accuracy=float(same.mean()),
                correlation=float(np.sqrt(between / (between + within / count))),
            )
        )
    return ceilings


@dataclass(frozen=True, slots=True)
class HumanScore:
    """What people score against labels that others made; `interval` over images, None where there is none."""

    value: float | None
    interval: Interval | None


# Columns of the panel that the human ceiling takes: all eight scales, in the order of SCALES.
HumanCeiling = Mapping[str, HumanScore]


def human_ceiling(
    panel: PanelVotes,
    *,
    left_out: int | None = 1,
    ruleset: Ruleset = DEFAULT_RULESET,
    clusters: IntArray | None = None,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> HumanCeiling:
    """Score some annotators of each ROI against the label that the others make; panel (N, 8) in the order of SCALES.

    left_out: how many annotators of each ROI answer for the model, drawn at random: 1 is one person; None is half of
    them, the nearest thing to a second panel. ROIs that would keep fewer than two votes for the label are left out.
    Keys: `type_f1`, `severity_f1`, and for quality and importance `..._level` (share of equal words), `..._srocc`.
    """
    rng = np.random.default_rng(seed)
    if panel.roi_count > LARGE_STUDY_ROIS:
        sample = np.zeros(panel.roi_count, dtype=bool)
        sample[rng.choice(panel.roi_count, LARGE_STUDY_ROIS, replace=False)] = True
        panel = panel.where(sample[panel.roi])
    asked = _asked(panel, left_out, rng)
    label, answer = (label_rois(_histograms(part), ruleset) for part in (panel.where(~asked), panel.where(asked)))
    both = np.intersect1d(label.roi[label.n >= 2], answer.roi, assume_unique=True)
    chosen = [np.searchsorted(table.roi, both) for table in (label, answer)]
    images = None if clusters is None else np.asarray(clusters)[both]

    def mean(values: FloatArray) -> HumanScore:
        if not len(values):
            return HumanScore(None, None)
        interval = bootstrap_mean(values, clusters=images, resamples=resamples, seed=seed)
        return HumanScore(float(values.mean()), interval)

    levels = [table.distortions.level[rows] for table, rows in zip((label, answer), chosen, strict=True)]
    scores = {"type_f1": mean(type_scores(*levels).f1), "severity_f1": mean(severity_scores(*levels).f1)}
    for scale in ("quality", "importance"):
        ours, theirs = (_score_columns(table, rows, scale) for table, rows in zip((label, answer), chosen, strict=True))
        scores[f"{scale}_level"] = mean((ours[0] == theirs[0]).astype(np.float64))
        scores[f"{scale}_srocc"] = HumanScore(spearman(ours[1], theirs[1]) if len(both) else None, None)
    return scores


def _asked(panel: PanelVotes, left_out: int | None, rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Which ratings answer for the model, (N,): `left_out` of each ROI at random, or half of them rounded down."""
    n = panel.votes_per_roi
    order = np.lexsort((rng.random(len(panel.roi)), panel.roi))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order)) - (np.cumsum(n) - n)[panel.roi[order]]
    wanted = n // 2 if left_out is None else np.full(len(n), left_out)
    return np.asarray(place < wanted[panel.roi])


def _histograms(panel: PanelVotes) -> VoteHistograms:
    return count_votes(
        roi=panel.roi,
        severities=panel.votes[:, : len(DISTORTIONS)],
        quality=panel.votes[:, SCALES.index("quality")],
        importance=panel.votes[:, SCALES.index("importance")],
        roi_count=panel.roi_count,
    )


def _score_columns(table: LabelTable, rows: npt.NDArray[np.int64], scale: str) -> tuple[FloatArray, FloatArray]:
    labels = table.quality if scale == "quality" else table.importance
    return labels.level[rows].astype(np.float64), labels.mean[rows]
