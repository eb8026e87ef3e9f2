"""The bias/inconsistency model: labels that know that some annotators lean, and that some are careless.

vote of annotator i on ROI j = psi_j + b_i + sigma_i * noise. The published solver (ITU-T P.910 Annex E) takes a newcomer
with one or two ratings for an infallible judge, since their votes can be fitted exactly. The shrunken version gives
every annotator some ratings of a typical one to begin with: `BIAS_PRIOR` without a leaning, `SIGMA_PRIOR` of pooled spread.

Shapes: N ratings, R ROIs, I annotators. One scale at a time.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.panel import PanelVotes, total_by

FloatArray = npt.NDArray[np.float64]

BIAS_PRIOR: Final = 6.0
SIGMA_PRIOR: Final = 10.0
MOST_ROUNDS: Final = 1000
_ENOUGH: Final = 1e-8
_NO_DIVISION_BY_ZERO: Final = 1e-8


@dataclass(frozen=True, slots=True)
class SubjectModel:
    """What the model found; units of the scale."""

    mos: (
        FloatArray  # (R,) the corrected mean; NaN without a vote. Not cut to the scale: a harsh panel can lift it above
    )
    standard_error: FloatArray  # (R,) of `mos`
    bias: FloatArray  # (I,) above 0: votes higher than the others; the panel's mean is 0; NaN without a rating
    inconsistency: FloatArray  # (I,) the spread of an annotator's votes around what the model expects; NaN likewise
    ratings: npt.NDArray[np.int64]  # (I,) that the two are estimated from
    inflation: float  # by which squared errors are scaled for the numbers that were fitted; NaN if nothing is left over
    shift: float  # what the shrunken leanings leave in common, which `mos` holds
    rounds: int
    converged: bool


def fit_subjects(
    panel: PanelVotes, *, bias_prior: float = BIAS_PRIOR, sigma_prior: float = SIGMA_PRIOR
) -> SubjectModel:
    """Fit the model on a panel of one scale. Both priors 0 make it the published solver, collapse and all.

    Raises: ValueError if the panel has more than one scale.
    Source: Li, Bampis, Janowski, Katsavounidis, A Simple Model for Subject Behavior (2020), alternating projection;
    with both priors 0 equal to Netflix sureal 0.9.0 (golden numbers in fixtures/golden/consensus).
    """
    if panel.votes.shape[1] != 1:
        raise ValueError(f"The model is fitted on one scale, not {panel.votes.shape[1]}: use panel.scale(index).")
    roi, annotator, votes = panel.roi, panel.annotator, panel.votes[:, 0].astype(np.float64)
    given, received = panel.votes_per_annotator, panel.votes_per_roi
    per_annotator, per_roi = np.maximum(given, 1), np.maximum(received, 1)
    shrink = np.maximum(given + bias_prior, 1)
    psi: FloatArray = total_by(roi, votes, panel.roi_count) / per_roi
    bias = total_by(annotator, votes - psi[roi], panel.annotator_count) / shrink
    variance = np.ones(panel.annotator_count)
    weights: FloatArray = np.zeros(panel.roi_count)
    active = given > 0
    rounds, converged, level = 0, False, 0.0
    while not converged and rounds < MOST_ROUNDS:
        rounds += 1
        residual = votes - psi[roi] - bias[annotator]
        squares = total_by(annotator, residual**2, panel.annotator_count)
        if sigma_prior:
            pooled = squares.sum() / max(len(votes), 1)
            variance = (sigma_prior * pooled + squares) / (sigma_prior + given)
        else:
            means = total_by(annotator, residual, panel.annotator_count) / per_annotator
            variance = squares / per_annotator - means**2
        weight = 1 / (variance + _NO_DIVISION_BY_ZERO)
        weights = total_by(roi, weight[annotator], panel.roi_count)
        weighed = total_by(roi, weight[annotator] * (votes - bias[annotator]), panel.roi_count)
        before, psi = psi, np.divide(weighed, weights, out=np.zeros_like(weights), where=weights > 0)
        bias = total_by(annotator, votes - psi[roi], panel.annotator_count) / shrink
        # What all leanings have in common belongs to the ROIs; left to itself it would crawl there for thousands of rounds.
        level = float(bias[active].mean()) if active.any() else 0.0
        psi, bias = psi + level, bias - level
        converged = bool(np.linalg.norm(psi - before) < _ENOUGH)
    # Fitting R + I numbers makes the residuals smaller than the noise: the errors are scaled back to it.
    freedom = len(votes) - np.count_nonzero(received) - np.count_nonzero(active) + 1
    inflation = len(votes) / freedom if freedom > 0 else float("nan")
    error = np.sqrt(np.divide(inflation, weights, out=np.full_like(weights, np.nan), where=weights > 0))
    return SubjectModel(
        mos=np.where(received > 0, psi, np.nan),
        standard_error=error,
        bias=np.where(active, bias, np.nan),
        inconsistency=np.where(active, np.sqrt(np.maximum(variance, 0)), np.nan),
        ratings=given,
        inflation=inflation,
        shift=level,
        rounds=rounds,
        converged=converged,
    )


@dataclass(frozen=True, slots=True)
class RaterFacts:
    """What a fit found about the annotators: enough to correct the label of any ROI of the same study."""

    bias: FloatArray  # (I,)
    inconsistency: FloatArray  # (I,)
    shift: float
    inflation: float


def corrected_scores(panel: PanelVotes, facts: RaterFacts) -> tuple[FloatArray, FloatArray]:
    """The corrected means of some ROIs and their standard errors, (R,) each, without fitting again.

    panel: all ratings of these ROIs on one scale. Equal to the fit's own where the fit was made on a panel with these
    ratings. Ratings of annotators whom it does not know (NaN) are left out; NaN where none is left.
    """
    known = ~(np.isnan(facts.bias) | np.isnan(facts.inconsistency))[panel.annotator]
    roi, annotator = panel.roi[known], panel.annotator[known]
    weight = 1 / (facts.inconsistency[annotator] ** 2 + _NO_DIVISION_BY_ZERO)
    weights = total_by(roi, weight, panel.roi_count)
    weighed = total_by(roi, weight * (panel.votes[known, 0] - facts.bias[annotator]), panel.roi_count)
    undefined = np.full(panel.roi_count, np.nan)
    mos = np.divide(weighed, weights, out=undefined.copy(), where=weights > 0) + facts.shift
    return mos, np.sqrt(np.divide(facts.inflation, weights, out=undefined, where=weights > 0))
