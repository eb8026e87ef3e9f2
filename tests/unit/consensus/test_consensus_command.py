"""`manage.py consensus` as a person runs it: a process of its own, with no database to be found."""

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import krippendorff
import numpy as np
import pytest

from roiqa.consensus.ratings_csv import HEADER
from roiqa.core.scales import DISTORTIONS, SCALES
from tests.unit.consensus.oracle import label_distortion

REPOSITORY = Path(__file__).parents[3]
GOLDEN = REPOSITORY / "fixtures" / "golden" / "consensus"
HEAD = ",".join(HEADER)


def consensus(*arguments: object) -> subprocess.CompletedProcess[str]:
    nowhere = {"DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none", "CELERY_BROKER_URL": "redis://127.0.0.1:9/0"}
    return subprocess.run(
        [sys.executable, REPOSITORY / "manage.py", "consensus", *map(str, arguments)],
        env={**os.environ, **nowhere},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def written(path: Path, *rows: str) -> Path:
    path.write_text("\n".join([HEAD, *rows, ""]), encoding="utf-8")
    return path


def worked_rows() -> list[str]:
    return (GOLDEN / "worked_ratings.csv").read_text().splitlines()[1:]


@pytest.mark.parametrize("ruleset", ["anchor-v1", "literal-v1"])
def test_worked_ratings_give_the_golden_labels_in_both_rulesets(tmp_path, ruleset):
    output = tmp_path / "labels.json"
    done = consensus(GOLDEN / "worked_ratings.csv", "--ruleset", ruleset, "--output", output)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    expected = json.loads((GOLDEN / f"worked_labels_{ruleset}.json").read_text())
    found = json.loads(output.read_text())
    assert found["ruleset"] == ruleset
    assert found["rois"] == expected["rois"]
    for scale in SCALES:
        # The bootstrap's ends depend on numpy's random stream, which may change between its versions.
        assert found["agreement"][scale]["alpha"] == pytest.approx(expected["agreement"][scale]["alpha"], abs=1e-9)


def test_standard_output_holds_the_same_bytes_as_the_file(tmp_path):
    output = tmp_path / "labels.json"
    assert consensus(GOLDEN / "worked_ratings.csv", "--output", output).returncode == 0
    assert consensus(GOLDEN / "worked_ratings.csv").stdout == output.read_text()


def test_default_ruleset_is_anchor_v1():
    assert json.loads(consensus(GOLDEN / "worked_ratings.csv").stdout)["ruleset"] == "anchor-v1"


def test_order_of_rows_does_not_change_a_byte(tmp_path):
    rows = worked_rows()
    shuffled = random.Random(5).sample(rows, len(rows))
    in_order = consensus(written(tmp_path / "a.csv", *rows)).stdout
    assert consensus(written(tmp_path / "b.csv", *shuffled)).stdout == in_order != ""


def test_labels_equal_the_oracle_on_simulated_ratings(tmp_path):
    draw = random.Random(2)
    votes = {
        (f"roi {roi}", f"rater {rater}"): [draw.choice([0, 1, 2, 3, 4, 5, 5, 5]) for _ in range(6)]
        + [draw.randrange(5), draw.randrange(5)]
        for roi in range(60)
        for rater in draw.sample(range(24), draw.randrange(1, 10))
    }
    rows = [f"{roi},{rater},{','.join(map(str, answer))}" for (roi, rater), answer in votes.items()]
    found = json.loads(consensus(written(tmp_path / "ratings.csv", *rows)).stdout)
    assert list(found["rois"]) == sorted({roi for roi, _ in votes})
    for name, record in found["rois"].items():
        answers = [answer for (roi, _), answer in votes.items() if roi == name]
        assert record["n"] == len(answers)
        for index, distortion in enumerate(DISTORTIONS):
            expected = label_distortion([answer[index] for answer in answers], "anchor-v1")
            block = record["distortions"][distortion]
            assert (block["present"], block["tie"], block["level"]) == (
                expected.present,
                expected.tie,
                expected.level,
            )
    quality = [
        [sum(answer[6] == value for (roi, _), answer in votes.items() if roi == name) for value in range(5)]
        for name in found["rois"]
    ]
    reference = krippendorff.alpha(value_counts=np.array(quality), level_of_measurement="ordinal")
    assert found["agreement"]["quality"]["alpha"] == pytest.approx(reference, abs=1e-11)
    low, high = found["agreement"]["quality"]["interval"]
    assert low < reference < high


def test_scale_without_variation_is_undefined_in_words(tmp_path):
    rows = [f"r{roi},a{rater},5,5,5,5,5,5,{rater},2" for roi in range(3) for rater in range(2)]
    agreement = json.loads(consensus(written(tmp_path / "ratings.csv", *rows)).stdout)["agreement"]
    assert (agreement["blur"]["alpha"], agreement["blur"]["note"]) == (None, "undefined (no variation)")
    assert (agreement["importance"]["alpha"], agreement["importance"]["interval"]) == (None, None)
    assert agreement["quality"]["alpha"] < 0
    assert agreement["quality"]["note"] is None


def test_header_alone_gives_no_rois_and_no_agreement(tmp_path):
    found = json.loads(consensus(written(tmp_path / "ratings.csv")).stdout)
    assert found["rois"] == {}
    assert {record["note"] for record in found["agreement"].values()} == {"undefined (no variation)"}


def test_bad_row_is_one_line_of_text_and_nothing_is_written(tmp_path):
    ratings = written(tmp_path / "ratings.csv", "r1,a,0,0,0,0,0,0,0,0", "r1,b,0,0,7,0,0,0,0,0")
    output = tmp_path / "labels.json"
    done = consensus(ratings, "--output", output)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr == (
        f"CommandError: {ratings}: Line 3, column blur: '7' is not a vote: "
        "write a whole number from 0 (extreme) to 5 (nonexistent). Nothing was written.\n"
    )
    assert [entry.name for entry in tmp_path.iterdir()] == ["ratings.csv"]


def test_earlier_output_survives_a_bad_row(tmp_path):
    output = tmp_path / "labels.json"
    output.write_text("earlier")
    assert consensus(written(tmp_path / "ratings.csv", "r1,a,0"), "--output", output).returncode == 1
    assert output.read_text() == "earlier"


def test_output_replaces_an_earlier_file_whole(tmp_path):
    output = tmp_path / "labels.json"
    output.write_text("earlier " * 10_000)
    assert consensus(GOLDEN / "worked_ratings.csv", "--output", output).returncode == 0
    assert json.loads(output.read_text())["ruleset"] == "anchor-v1"
    assert [entry.name for entry in tmp_path.iterdir()] == ["labels.json"]


@pytest.mark.parametrize("output", ["ratings.csv", "folder", "absent/labels.json"])
def test_output_that_cannot_be_written_is_refused_in_one_line(tmp_path, output):
    ratings = written(tmp_path / "ratings.csv", "r1,a,0,0,0,0,0,0,0,0")
    (tmp_path / "folder").mkdir()
    before = ratings.read_bytes()
    done = consensus(ratings, "--output", tmp_path / output)
    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: ")
    assert done.stderr.count("\n") == 1
    assert ratings.read_bytes() == before


def test_missing_file_of_ratings_is_one_line_of_text(tmp_path):
    done = consensus(tmp_path / "absent.csv")
    assert done.returncode == 1
    assert done.stderr == f"CommandError: {tmp_path / 'absent.csv'} cannot be read: No such file or directory.\n"


def test_unknown_ruleset_is_answered_with_the_choices():
    done = consensus(GOLDEN / "worked_ratings.csv", "--ruleset", "anchor-v9")
    assert done.returncode == 2
    assert "anchor-v1" in done.stderr
    assert "literal-v1" in done.stderr


def test_paths_with_spaces_and_accents_work(tmp_path):
    folder = tmp_path / "étude n° 1"
    folder.mkdir()
    output = folder / "labels é.json"
    done = consensus(written(folder / "ratings é.csv", "ciel,a,0,0,0,0,0,0,0,0"), "--output", output)
    assert (done.returncode, done.stderr) == (0, "")
    assert "ciel" in json.loads(output.read_text())["rois"]
