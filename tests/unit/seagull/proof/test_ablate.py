import argparse
import json

from ml.seagull.evaluation.predictions import write_predictions
from ml.seagull.proof import ablate
from tests.unit.seagull.evaluation.answers import predictions


def finished(folder, found):
    (folder / "report").mkdir(parents=True)
    write_predictions(folder / "report" / "predictions.jsonl", found)
    (folder / "report" / "report.json").write_text("{}")


def test_predictions_are_read_as_they_were_written(tmp_path):
    found = predictions(9, told=True)
    write_predictions(tmp_path / "predictions.jsonl", found)
    assert ablate.read_predictions(tmp_path / "predictions.jsonl") == found


def test_ablations_are_compared_with_the_main_runs_of_their_seeds(tmp_path, monkeypatch):
    monkeypatch.setattr(ablate, "RESAMPLES", 40)
    for seed in (0, 1):
        finished(tmp_path / f"main-{seed}", predictions(90, wrong=0.1 * seed, told=True))
    finished(tmp_path / "no-local-0", predictions(90, wrong=0.6, told=True))
    found = ablate.summary(tmp_path, [0, 1], {})
    assert list(found) == ["main", "no-local"]
    assert (found["main"]["seeds"], found["no-local"]["seeds"]) == ([0, 1], [0])
    difference = found["no-local"]["metrics"]["quality SROCC"]["difference"]
    assert difference["high"] < 0
    text = ablate.table(found)
    assert "| no-local minus main |" in text
    assert text.count("\n") == 5


def test_what_is_finished_is_not_done_again(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(ablate.train, "main", lambda arguments: asked.append(arguments) or 0)
    monkeypatch.setattr(ablate.evaluate, "main", lambda arguments: 1 / 0)
    finished(tmp_path / "no-jir-0", predictions(6, told=True))
    given = argparse.Namespace(data=tmp_path / "annotations.json", output=tmp_path, preset="tiny", set=["steps=9"])
    ablate.train_and_evaluate("no-jir", 0, given=given)
    (arguments,) = asked
    assert arguments[arguments.index("--set") + 1 :] == ["seed=0", "steps=9", "judgments=0"]
    assert json.loads((tmp_path / "no-jir-0" / "report" / "report.json").read_text()) == {}
