import json
from dataclasses import replace

import numpy as np
import pytest

from ml.seagull.evaluation.markdown import card_text, report_text
from ml.seagull.evaluation.plots import confusion_of, draw_all
from ml.seagull.evaluation.predictions import read_predictions, write_predictions
from ml.seagull.evaluation.report import fitted_calibration, report_of
from ml.seagull.evaluation.table import CLASSES
from tests.unit.seagull.evaluation.answers import one_hot, predictions

FACTS = {
    "weights": "0" * 64,
    "weights_name": "oracle",
    "network": "ci",
    "variant": "native",
    "split": "val",
    "data": "made up",
    "data_licence": None,
    "cluster_kind": "images",
}


def reported(found, **changes):
    given = {"clusters": {}, "thresholds": {}, "resamples": 10, "facts": FACTS, **changes}
    return report_of(found, **given)


def test_a_model_that_knows_everything_reaches_the_ceilings():
    report = reported(predictions(told=True))
    for answer in ("judged", "told"):
        assert report["answers"][answer]["types"]["f1"]["estimate"] == 1
        assert report["answers"][answer]["severities"]["f1"]["estimate"] == 1
        assert report["answers"][answer]["per_type_f1"]["average"] == 1
    quality = report["scores"]["quality"]["srocc"]["estimate"]
    assert quality == pytest.approx(report["ceiling"]["quality"]["srocc_of_the_right_word"])
    assert (report["rois"], report["images"], report["clusters"]) == (60, 20, 20)


def test_votes_give_the_panels_own_ceiling():
    voted = [
        replace(one, labels=replace(one.labels, votes={"quality": (0, 1, 5, 1, 0) if number % 2 else (0, 0, 1, 2, 4)}))
        for number, one in enumerate(predictions())
    ]
    report = reported(voted)
    panel = report["ceiling"]["quality"]["panel"]
    assert panel["rois"] == len(voted)
    assert 0.3 < panel["srocc"] < panel["srocc_full"] <= 1
    assert report["ceiling"]["importance"]["panel"] is None
    assert "Label ceiling of quality: a second panel" in report_text(report, [])


def test_predictions_keep_their_votes_in_a_file(tmp_path):
    (one, *_) = predictions()
    voted = replace(one, labels=replace(one.labels, votes={"quality": (0, 1, 5, 1, 0)}))
    write_predictions(tmp_path / "predictions.jsonl", [voted])
    assert read_predictions(tmp_path / "predictions.jsonl")[0].labels.votes == {"quality": (0, 1, 5, 1, 0)}


def test_wrong_answers_cost_and_the_interval_holds_the_estimate():
    types = reported(predictions(wrong=0.5), resamples=40)["answers"]["judged"]["types"]
    assert types["f1"]["low"] <= types["f1"]["estimate"] <= types["f1"]["high"] < 1


def test_windows_of_one_photograph_are_resampled_together():
    found = predictions()
    report = reported(found, clusters={f"image-{number}": f"photograph-{number // 4}" for number in range(20)})
    assert report["clusters"] == 5


def test_answers_in_words_are_reported_only_where_they_were_asked_for():
    assert list(reported(predictions())["answers"]) == ["judged"]


def test_an_empty_split_is_refused():
    with pytest.raises(ValueError, match="No ROI was predicted"):
        reported([])


def test_the_report_is_json_without_numbers_that_are_none():
    json.dumps(reported(predictions(3)), allow_nan=False)


def test_fitted_thresholds_and_temperatures_are_those_that_scoring_reads():
    fitted = fitted_calibration(predictions(200, wrong=0.4))
    assert set(fitted["temperatures"]) == {"quality", "importance"}
    assert fitted["temperatures"]["quality"] > 1.2  # nine tenths sure, and wrong more often than that
    assert all(0.2 < threshold < 0.9 for threshold in fitted["thresholds"].values())


def test_confusion_says_what_was_said_instead():
    found = predictions(300, wrong=0.3)
    table = confusion_of(found, {})
    assert table.sum(axis=1).tolist() == pytest.approx([1.0] * len(CLASSES))
    assert np.diag(table).min() > 0.6
    assert confusion_of(predictions(300), {}).tolist() == np.eye(len(CLASSES)).tolist()


def test_pictures_of_a_single_roi_are_drawn(tmp_path):
    assert len(draw_all(tmp_path, predictions(1), reported(predictions(1)), {})) == 4


def test_pictures_are_drawn(tmp_path):
    found = predictions(told=True)
    names = draw_all(tmp_path, found, reported(found), {})
    assert names == ["quality.png", "importance.png", "reliability.png", "confusion_judged.png", "confusion_told.png"]
    assert all((tmp_path / name).stat().st_size > 5000 for name in names)


def test_report_and_card_say_what_is_known_and_what_is_not():
    report = reported(predictions(told=True))
    text = report_text(report, ["quality.png"])
    assert "| quality |" in text
    assert "| answer in words | severities |" in text
    assert "![quality.png](quality.png)" in text
    card = card_text(report, {"source": {"data": "abc", "trained_parameters": 5, "settings": {"prompt": "own-v1"}}})
    for said in ("fingerprint abc", "not stated by the data", "Llama 2 licence", "Energy: not measured", "## Limits"):
        assert said in card
    assert "None" not in card


@pytest.mark.parametrize("count", range(1, 6))
@pytest.mark.parametrize("seed", range(3))
def test_a_test_part_too_small_for_a_correlation_has_a_report_all_the_same(count, seed):
    generator = np.random.default_rng(seed)
    found = [
        replace(
            one,
            quality=one_hot(2),
            labels=replace(
                one.labels,
                quality=2.0 if seed else one.labels.quality,
                votes={"quality": tuple(generator.multinomial(7, [0.2] * 5).tolist())},
            ),
        )
        for one in predictions(count, seed=seed, wrong=0.5, told=True)
    ]
    report = reported(found)
    assert report["scores"]["quality"]["plcc_fitted"]["estimate"] is None
    json.dumps(report, allow_nan=False)
    for text in (report_text(report, []), card_text(report, {})):
        assert "nan" not in text
