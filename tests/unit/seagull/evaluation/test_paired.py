"""When one model is worse than another, and when nothing can be said."""

import numpy as np
import pytest

from ml.seagull.data.records import ROILabels
from ml.seagull.evaluation.paired import MARGIN, compare
from ml.seagull.evaluation.predictions import Prediction
from ml.seagull.language.levels import DISTORTIONS

METRICS = {"quality_srocc", "quality_plcc", "importance_srocc", "importance_plcc", "types_f1"}


def predictions(noise: float, *, images: int = 20, seed: int = 0, constant: bool = False) -> list[Prediction]:
    """Three ROIs an image whose labels are all told apart; guesses are the truth with so much noise."""
    rng, truth = np.random.default_rng(seed), np.random.default_rng(99)
    made = []
    for number in range(3 * images):
        quality, importance = truth.uniform(0, 4, 2)
        types = {DISTORTIONS[number % 6]: 2}
        guess = np.clip([quality, importance] + noise * rng.normal(size=2), 0, 4) if not constant else (2.0, 2.0)
        told = types if rng.random() >= noise / 4 else {}
        made.append(
            Prediction(
                image_id=f"image {number // 3}",
                roi_id=str(number),
                quality=_around(guess[0]),
                importance=_around(guess[1]),
                present=dict.fromkeys(DISTORTIONS, 0.0),
                severity=dict.fromkeys(DISTORTIONS, (0.2,) * 5),
                clean=0.5,
                labels=ROILabels(quality=quality, importance=importance, distortions=types),
                told=told,
            )
        )
    return made


def _around(score: float) -> tuple[float, ...]:
    """Five probabilities whose mean level is the score."""
    below = min(3, int(score))
    return tuple(
        1 - (score - below) if level == below else (score - below) * (level == below + 1) for level in range(5)
    )


def test_a_model_is_not_worse_than_itself():
    one = predictions(0.5)
    found = compare(one, one, resamples=100)
    assert set(found["metrics"]) == METRICS
    assert all(metric["difference"] == 0 and metric["interval"] == [0, 0] for metric in found["metrics"].values())
    assert (found["not_worse"], found["n_rois"], found["n_images"], found["answer"]) == (True, 60, 20, "told")


def test_what_is_worse_is_called_so_and_what_is_better_is_not():
    good, bad = predictions(0.2), predictions(3, seed=1)
    worse, better = compare(bad, good, resamples=200), compare(good, bad, resamples=200)
    assert not worse["not_worse"]
    assert better["not_worse"]
    for name in METRICS:
        one, other = worse["metrics"][name], better["metrics"][name]
        assert one["interval"][1] < 0 < other["interval"][0], name
        assert one["difference"] == pytest.approx(-other["difference"])
        assert (one["a"], one["b"]) == (other["b"], other["a"])


def test_on_a_few_images_an_interval_that_reaches_zero_lets_no_bad_model_pass():
    found = compare(predictions(4, images=2, seed=1), predictions(0.1, images=2), resamples=200)
    wide = [one for one in found["metrics"].values() if one["interval"][1] >= 0]
    assert all(one["not_worse"] == (one["difference"] >= -MARGIN) for one in wide)
    assert not found["not_worse"]


def test_a_model_that_says_the_same_of_everything_has_no_correlation():
    found = compare(predictions(0, constant=True), predictions(1), resamples=50)
    assert found["metrics"]["quality_srocc"]["a"] == 0
    assert not found["metrics"]["quality_srocc"]["not_worse"]


def test_labels_that_do_not_vary_are_left_out_and_different_rois_are_refused():
    one = predictions(0.5, images=3)
    flat = [
        Prediction(**{**_fields(row), "labels": ROILabels(quality=2.0, distortions=row.labels.distortions)})
        for row in one
    ]
    assert set(compare(flat, flat, resamples=20)["metrics"]) == {"types_f1"}
    with pytest.raises(ValueError, match="different ROIs"):
        compare(one, one[1:])
    with pytest.raises(ValueError, match="no labelled ROI"):
        compare([], [])


def _fields(row: Prediction) -> dict[str, object]:
    return {name: getattr(row, name) for name in Prediction.__slots__}
