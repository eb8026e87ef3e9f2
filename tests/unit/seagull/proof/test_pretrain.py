"""The tables of what stage 1 gives, made of predictions that are there."""

from pathlib import Path

from ml.seagull.evaluation.predictions import write_predictions
from ml.seagull.proof.pretrain import FRACTIONS, LEFT_OUT, Run, summary, table
from tests.unit.seagull.evaluation.answers import predictions


def finished(output: Path, *wrong_of: tuple[Run, float]) -> None:
    for run, wrong in wrong_of:
        folder = output / run.name / "ratings"
        folder.mkdir(parents=True)
        write_predictions(folder / "predictions.jsonl", predictions(30, wrong=wrong, seed=run.seed))


def test_shares_are_compared_with_no_stage_1_and_what_is_left_out_with_all_of_it(tmp_path: Path) -> None:
    runs = [Run(row, seed) for row in (*FRACTIONS, *LEFT_OUT) for seed in (0, 1)]
    finished(
        tmp_path,
        *((Run("0 %", seed), 0.9) for seed in (0, 1)),
        *((Run("100 %", seed), 0.0) for seed in (0, 1)),
        (Run("no-jir", 1), 0.4),
    )
    found = summary(tmp_path, runs, {})
    assert found["synthetic"] == {}
    rows = found["ratings"]
    assert {row: (one["base"], one["seeds"]) for row, one in rows.items()} == {
        "0 %": ("0 %", [0, 1]),
        "100 %": ("0 %", [0, 1]),
        "no-jir": ("100 %", [1]),
    }
    assert "difference" not in rows["0 %"]["metrics"]["quality SROCC"]
    assert rows["100 %"]["metrics"]["quality SROCC"]["difference"]["estimate"] > 0.3
    assert rows["no-jir"]["metrics"]["quality SROCC"]["difference"]["estimate"] < -0.1
    lines = table(found).splitlines()
    assert [line.split(" | ")[0] for line in lines if "minus" in line] == ["| 100 % minus 0 %", "| no-jir minus 100 %"]
