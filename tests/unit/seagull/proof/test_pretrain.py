import argparse

import pytest

from ml.seagull.evaluation.predictions import write_predictions
from ml.seagull.proof import ablate, pretrain
from ml.seagull.proof.pretrain import Run
from tests.unit.seagull.evaluation.answers import predictions


def finished(folder, found):
    folder.mkdir(parents=True)
    write_predictions(folder / "predictions.jsonl", found)
    (folder / "report.json").write_text("{}")


@pytest.fixture
def given(tmp_path):
    return argparse.Namespace(
        synthetic=tmp_path / "set", synthetic_val=tmp_path / "val", limit=7, ratings=tmp_path / "ratings.json",
        ratings_fraction=0.25, output=tmp_path, preset="ci", stage1=["steps=9"], stage2=["steps=3"],
    )  # fmt: skip


@pytest.fixture
def asked(monkeypatch):
    calls = []
    monkeypatch.setattr(pretrain.train, "main", lambda arguments: calls.append(arguments) or 0)
    monkeypatch.setattr(pretrain.evaluate, "main", lambda arguments: calls.append(arguments) or 0)
    return calls


def value(arguments, name):
    return arguments[arguments.index(name) + 1]


def test_a_part_of_the_photographs_is_pre_trained_on_before_the_ratings(asked, given):
    pretrain.train_and_evaluate(Run("50 %", 1), given)
    stage1, synthetic, stage2, ratings = asked
    assert (value(stage1, "--data"), value(stage1, "--fraction")) == (str(given.synthetic), "0.5")
    assert (value(stage1, "--preset"), stage1[stage1.index("--set") + 1 :]) == ("ci", ["seed=1", "steps=9"])
    assert (value(synthetic, "--data"), value(synthetic, "--limit")) == (str(given.synthetic_val), "7")
    assert value(stage2, "--weights") == value(synthetic, "--weights") == str(given.output / "50-1/stage1/weights")
    assert value(stage2, "--fraction") == "0.25"
    assert value(ratings, "--split") == "val"


def test_without_pre_training_the_ratings_are_learned_from_random_weights(asked, given):
    pretrain.train_and_evaluate(Run("0 %", 0), given)
    stage2, _ = asked
    assert value(stage2, "--preset") == "ci"
    assert "--weights" not in stage2


def test_what_is_left_out_is_left_out_in_both_stages(asked, given):
    pretrain.train_and_evaluate(Run("no-jir", 0), given)
    stage1, _, stage2, _ = asked
    assert "judgments=0" in stage1
    assert "judgments=0" in stage2
    asked.clear()
    pretrain.train_and_evaluate(Run("no-local", 0), given)
    assert value(asked[0], "--network") == "local=none"
    assert "--network" not in asked[2]


def test_a_report_that_is_there_is_not_made_again(asked, given, tmp_path):
    for part in ("synthetic", "ratings"):
        finished(tmp_path / "100-0" / part, predictions(6, told=True))
    pretrain.train_and_evaluate(Run("100 %", 0), given)
    assert [call[0] for call in asked] == ["--data", "--data"]
    assert all("--set" in call for call in asked)


def test_shares_are_compared_with_no_pre_training_and_what_is_left_out_with_all_of_it(tmp_path, monkeypatch):
    monkeypatch.setattr(ablate, "RESAMPLES", 40)
    good, bad = predictions(90, told=True), predictions(90, wrong=0.6, told=True)
    for seed in (0, 1):
        finished(tmp_path / f"100-{seed}" / "synthetic", good)
        finished(tmp_path / f"100-{seed}" / "ratings", good)
    finished(tmp_path / "no-local-0" / "synthetic", bad)
    finished(tmp_path / "no-local-1" / "ratings", bad)
    finished(tmp_path / "0-0" / "ratings", bad)
    runs = [Run(row, seed) for row in ("0 %", "100 %", "no-local") for seed in (0, 1)]
    found = pretrain.summary(tmp_path, runs, {})
    synthetic, ratings = found["synthetic"], found["ratings"]
    assert {row: one["base"] for row, one in synthetic.items()} == {"100 %": "100 %", "no-local": "100 %"}
    assert {row: one["base"] for row, one in ratings.items()} == {"0 %": "0 %", "100 %": "0 %", "no-local": "100 %"}
    assert synthetic["no-local"]["metrics"]["quality SROCC"]["difference"]["high"] < 0
    assert ratings["100 %"]["seeds"] == [0, 1]
    assert ratings["100 %"]["metrics"]["quality SROCC"]["difference"]["low"] > 0
    assert (ratings["no-local"]["seeds"], "difference" in ratings["0 %"]["metrics"]["quality SROCC"]) == ([1], False)
    assert ratings["no-local"]["metrics"]["quality SROCC"]["difference"]["high"] < 0
    table = pretrain.table(found)
    assert "| 100 % minus 0 % |" in table
    assert table.count("| no-local minus 100 % |") == 2
