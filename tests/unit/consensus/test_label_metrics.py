"""Sample-average precision, recall and F1. Worked numbers: methodology 4.7."""

import numpy as np
import pytest

from roiqa.consensus.rules.label_metrics import severity_scores, type_scores
from roiqa.consensus.rules.labels import WITHOUT
from roiqa.core.scales import DISTORTIONS, SEVERITY_LEVELS


def levels(*rois):
    """Each ROI as {distortion: severity word}."""
    table = np.full((len(rois), len(DISTORTIONS)), WITHOUT)
    for row, labels in enumerate(rois):
        for name, word in labels.items():
            table[row, DISTORTIONS.index(name)] = SEVERITY_LEVELS.index(word)
    return table


def values(scores, row=0):
    return [scores.precision[row], scores.recall[row], scores.f1[row]]


BLUR, NOISE, EXPOSURE = ({name: "severe"} for name in ("blur", "noise", "exposure"))


def test_one_distortion_too_many():
    found = type_scores(levels(BLUR | NOISE), levels(BLUR | NOISE | EXPOSURE))
    assert values(found) == pytest.approx([2 / 3, 1, 0.8])


def test_severity_must_be_right_too():
    label = levels({"blur": "severe", "noise": "minor"})
    said = levels({"blur": "severe", "noise": "moderate", "exposure": "minor"})
    assert values(severity_scores(label, said)) == pytest.approx([1 / 3, 1 / 2, 0.4])


def test_clean_is_a_label_of_its_own():
    label = levels({"blur": "severe", "noise": "minor"}, {}, BLUR, {})
    said = levels({"blur": "severe", "noise": "moderate", "exposure": "minor"}, {}, {}, BLUR)
    # Methodology 4.7 on four ROIs; type level: the first has 2 hits of 3 said and 2 there.
    types, pairs = type_scores(label, said), severity_scores(label, said)
    assert types.f1.tolist() == pytest.approx([0.8, 1, 0, 0])
    assert types.precision.mean() == pytest.approx(0.417, abs=0.0005)
    assert types.recall.mean() == pytest.approx(0.5)
    assert types.f1.mean() == pytest.approx(0.45)
    assert pairs.f1.tolist() == pytest.approx([0.4, 1, 0, 0])
