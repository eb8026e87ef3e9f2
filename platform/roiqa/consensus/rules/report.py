"""All agreement figures of a study, with their intervals, as plain values for JSON.

Nothing here is new: it calls each rule on each scale, with the same images drawn together.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.agreement import NO_VARIATION, bootstrap_ordinal_alpha, ordinal_alpha
from roiqa.consensus.rules.ceilings import HumanScore, human_ceiling, label_ceiling
from roiqa.consensus.rules.gwet import bootstrap_gwet_ac2, gwet_ac2, raw_agreement
from roiqa.consensus.rules.intervals import sos_parameter
from roiqa.consensus.rules.new_raters import rater_intervals
from roiqa.consensus.rules.panel import PanelVotes
from roiqa.consensus.rules.resampling import RESAMPLES, Interval
from roiqa.consensus.rules.rulesets import DEFAULT_RULESET, Ruleset
from roiqa.consensus.rules.split_half import bootstrap_split_half, split_half
from roiqa.consensus.rules.variance import bootstrap_icc, variance_components
from roiqa.consensus.rules.votes import IntArray
from roiqa.core.scales import DISTORTIONS, NONEXISTENT, SCALES, VOTES_BY_SCALE

Record = dict[str, Any]

METRIC: Final = "ordinal Krippendorff alpha"
# Scales whose label is the mean of all votes; a severity has none where the distortion is absent.
SCORES: Final = ("quality", "importance")


def agreement_report(
    panel: PanelVotes,
    *,
    clusters: IntArray | None = None,
    votes_per_roi: int = 7,
    ruleset: Ruleset = DEFAULT_RULESET,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Record:
    """The figures of a panel of all eight scales (N, 8), in the order of SCALES; see docs/study-science.md.

    clusters (R,): the image of each ROI. votes_per_roi: the k of ICC(2,k). resamples 0 leaves every interval None.
    Shape: {metric, rois, ratings, annotators, images, resamples, votes_per_roi, scales: {scale: ...}, ceilings, human}.
    """
    comparable = panel.votes_per_roi >= 2
    images = clusters if clusters is not None else np.arange(panel.roi_count)
    options: dict[str, Any] = {"clusters": clusters, "resamples": resamples, "seed": seed}
    variances = variance_components(panel)
    halves = split_half(panel, seed=seed)
    icc = bootstrap_icc(panel, votes=votes_per_roi, **options) if resamples else None
    half_intervals = bootstrap_split_half(panel, **options) if resamples else None
    answers = [len(VOTES_BY_SCALE[scale]) for scale in SCALES]
    others = rater_intervals(panel, answers=answers, votes=votes_per_roi, resamples=resamples, seed=seed)
    scales: dict[str, Record] = {}
    ceilings: dict[str, list[Record]] = {}
    for index, scale in enumerate(SCALES):
        votes = panel.histograms(len(VOTES_BY_SCALE[scale]), scale=index)
        alpha = ordinal_alpha(votes)
        interval = bootstrap_ordinal_alpha(votes, **options) if resamples else None
        scales[scale] = {
            "alpha": alpha,
            "alpha_interval": _ends(interval),
            "note": "" if alpha is not None else NO_VARIATION,
            "icc_single": _estimate(variances.icc_single()[index], icc.single[index] if icc else None),
            "icc_mean": _estimate(variances.icc_mean(votes_per_roi)[index], icc.mean[index] if icc else None),
            "split_half": _estimate(halves.full[index], half_intervals[index] if half_intervals else None),
            "ac2": _estimate(gwet_ac2(votes), bootstrap_gwet_ac2(votes, **options) if resamples else None),
            "raters": {
                "alpha": _nth(others.alpha, index),
                "ac2": _nth(others.ac2, index),
                "icc_single": _nth(others.icc_single, index),
                "icc_mean": _nth(others.icc_mean, index),
            },
            "raw_agreement": raw_agreement(votes),
            "variance": {
                "roi": _number(variances.roi[index]),
                "annotator": _number(variances.annotator[index]),
                "residual": _number(variances.residual[index]),
            },
            "votes": votes.sum(axis=0).tolist(),
            "prevalence": _prevalence(votes) if scale in DISTORTIONS else None,
        }
        if scale in SCORES:
            scales[scale] |= _sos(votes)
            ceilings[scale] = [
                {
                    "votes": ceiling.votes,
                    "standard_error": ceiling.standard_error,
                    "level_accuracy": ceiling.level_accuracy,
                    "correlation": ceiling.correlation,
                }
                for ceiling in label_ceiling(votes, maximum=ruleset.score_maximum)
            ]
    human = {
        who: _human(
            human_ceiling(panel, left_out=left_out, ruleset=ruleset, **{**options, "resamples": max(resamples, 1)}),
            resamples,
        )
        for who, left_out in (("one_person", 1), ("half_panel", None))
    }
    return {
        "metric": METRIC,
        "rois": int((panel.votes_per_roi > 0).sum()),
        "comparable_rois": int(comparable.sum()),
        "ratings": len(panel.roi),
        "annotators": int((panel.votes_per_annotator > 0).sum()),
        "images": len(np.unique(np.asarray(images)[panel.votes_per_roi > 0])),
        "resamples": resamples,
        "votes_per_roi": votes_per_roi,
        "scales": scales,
        "ceilings": ceilings,
        "human": human,
    }


def _prevalence(votes: npt.NDArray[np.int64]) -> Record:
    """How common a distortion is: share of the votes that see it, and of the ROIs that have it by majority."""
    n = votes.sum(axis=1)
    rated = n > 0
    absent = votes[rated, NONEXISTENT]
    return {
        "votes": float(1 - absent.sum() / n.sum()) if rated.any() else None,
        "rois": float((2 * absent <= n[rated]).mean()) if rated.any() else None,
    }


def _sos(votes: npt.NDArray[np.int64]) -> Record:
    """The SOS parameter, and what it is fitted to: the variance of the votes on ROIs of about the same mean."""
    n = votes.sum(axis=1)
    votes, n = votes[n >= 2], n[n >= 2]
    values = np.arange(votes.shape[1])
    mean = votes @ values / n
    variance = (votes @ values**2 / n - mean**2) * n / (n - 1)
    maximum = int(values[-1])
    # Parts a quarter of a level wide around 0, 0.25, ...: a point each.
    part = np.rint(mean * 4).astype(np.int64)
    points = [
        {
            "mean": float(mean[part == one].mean()),
            "variance": float(variance[part == one].mean()),
            "rois": int((part == one).sum()),
        }
        for one in np.unique(part).tolist()
    ]
    return {"sos": sos_parameter(mean, variance, maximum=maximum), "sos_points": points}


def _human(scores: Mapping[str, HumanScore], resamples: int) -> Record:
    return {key: _estimate(score.value, score.interval if resamples else None) for key, score in scores.items()}


def _estimate(value: float | None, interval: Interval | None) -> Record:
    return {"value": _number(value), "interval": _ends(interval)}


def _nth(intervals: list[Interval] | None, index: int) -> list[float] | None:
    return None if intervals is None else _ends(intervals[index])


def _ends(interval: Interval | None) -> list[float] | None:
    if interval is None or interval.low is None or interval.high is None:
        return None
    return [interval.low, interval.high]


def _number(value: float | None) -> float | None:
    return None if value is None or math.isnan(value) else float(value)
