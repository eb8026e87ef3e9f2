"""How well one set of labels predicts another, by the measures that models are scored with.

Shapes: R ROIs, D = 6 distortions. A prediction may come from a model, a second panel or one annotator.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from roiqa.consensus.rules.labels import WITHOUT
from roiqa.consensus.rules.votes import IntArray

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SetScores:
    """Precision, recall and F1 of each ROI's set of labels, (R,) each; their means are the sample averages."""

    precision: FloatArray
    recall: FloatArray
    f1: FloatArray


def type_scores(label: IntArray, predicted: IntArray) -> SetScores:
    """Which distortions are there, in any severity. Shapes: levels (R, D), WITHOUT where there is none.

    An ROI without any distortion has the one label "clean", so that saying so can be right or wrong.
    Equal to scikit-learn's `average='samples'` on seven columns.
    """
    present, said = label != WITHOUT, predicted != WITHOUT
    return _scores(present & said, present, said)


def severity_scores(label: IntArray, predicted: IntArray) -> SetScores:
    """Which distortions in which severity: the pair must be right. Shapes as `type_scores`; 31 labels with "clean"."""
    present, said = label != WITHOUT, predicted != WITHOUT
    return _scores(present & said & (label == predicted), present, said)


def _scores(hit: npt.NDArray[np.bool_], present: npt.NDArray[np.bool_], said: npt.NDArray[np.bool_]) -> SetScores:
    clean, called_clean = ~present.any(axis=1), ~said.any(axis=1)
    hits = (hit.sum(axis=1) + (clean & called_clean)).astype(np.float64)
    labels, answers = present.sum(axis=1) + clean, said.sum(axis=1) + called_clean
    return SetScores(precision=hits / answers, recall=hits / labels, f1=2 * hits / (labels + answers))
