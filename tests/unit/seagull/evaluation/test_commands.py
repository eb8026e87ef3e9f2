"""From a set of photographs to a report, by the commands alone."""

import json

import numpy as np
import pytest
from PIL import Image

from ml.seagull import evaluate, train
from ml.seagull.data.records import RLE
from ml.seagull.language.levels import DISTORTIONS, QUALITY_WORDS, SEVERITY_WORDS, level_of

TINY = ["steps=2", "token_steps=0", "batch_images=2", "save_every=1", "rois=1", "judgments=1"]


@pytest.fixture(scope="module")
def release(tmp_path_factory):
    """Six grey pictures of more or less noise, two of them for validation."""
    import hashlib

    folder = tmp_path_factory.mktemp("release")
    images, annotations = [], []
    for number in range(6):
        generator = np.random.default_rng(number)
        pixels = generator.integers(100, 110 + 20 * number, (64, 64, 3)).astype(np.uint8)
        path = folder / f"{number}.png"
        Image.fromarray(pixels).save(path)
        mask = np.zeros((64, 64), bool)
        mask[10:50, 8:40] = True
        images.append(
            {"id": number, "file_name": path.name, "width": 64, "height": 64, "split": "val" if number > 3 else "train"}
            | {"sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "source": "made"}
        )
        score = {"mean": number / 2, "level": level_of(number / 2), "level_word": QUALITY_WORDS[level_of(number / 2)]}
        noise = {"present": True, "severity": 2.0, "level": 2, "level_word": SEVERITY_WORDS[2]}
        annotations.append(
            {"id": number, "image_id": number, "roi": f"roi-{number}", "level": "object", "clean": number < 2}
            | {"segmentation": {"size": [64, 64], "counts": RLE.of(mask).counts}}
            | {"quality": score, "importance": score | {"level_word": _importance(score["level"])}}
            | {"distortions": {kind: noise if kind == "noise" and number > 1 else None for kind in DISTORTIONS}}
        )
    path = folder / "annotations.json"
    path.write_text(json.dumps({"info": {"licence": None}, "images": images, "annotations": annotations}))
    return path


def _importance(level):
    from ml.seagull.language.levels import IMPORTANCE_WORDS

    return IMPORTANCE_WORDS[level]


@pytest.fixture(scope="module")
def run(release, tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "first"
    status = train.main(["--data", str(release), "--output", str(folder), "--preset", "ci", "--set", *TINY])
    assert status == 0
    return folder


def test_a_run_leaves_events_checkpoints_and_whole_weights(run):
    events = [json.loads(line)["event"] for line in (run / "events.jsonl").read_text().splitlines()]
    assert events == ["started", "step", "saved", "step", "saved"]
    assert list((run / "tensorboard").iterdir())
    assert {"config.json", "manifest.json", "tokenizer.json", "prompts.json"} < {
        path.name for path in (run / "weights").iterdir()
    }


def test_weights_are_evaluated_on_a_split_that_they_were_not_trained_on(run, release, tmp_path, capsys):
    output = tmp_path / "report"
    arguments = ["--weights", str(run / "weights"), "--data", str(release), "--output", str(output)]
    status = evaluate.main([*arguments, "--split", "val", "--answers", "--calibrate", "train", "--resamples", "20"])
    assert status == 0
    report = json.loads((output / "report.json").read_text())
    assert (report["split"], report["rois"], report["weights_name"]) == ("val", 2, "first")
    assert set(report["answers"]) == {"judged", "told"}
    assert "severity" not in json.loads((run / "weights" / "calibration.json").read_text())["temperatures"]
    assert "2 ROIs of 2 images" in (output / "card.md").read_text()
    assert "| quality |" in capsys.readouterr().out
    assert len((output / "predictions.jsonl").read_text().splitlines()) == 2


def test_a_checkpoint_is_evaluated_as_well(run, release, tmp_path):
    checkpoint = run / "checkpoints" / "step-00000002"
    arguments = ["--weights", str(checkpoint), "--data", str(release), "--output", str(tmp_path)]
    assert evaluate.main([*arguments, "--split", "val", "--resamples", "5"]) == 0


def test_calibrating_on_the_reported_split_is_refused(run, release, tmp_path, capsys):
    arguments = ["--weights", str(run / "weights"), "--data", str(release), "--output", str(tmp_path)]
    assert evaluate.main([*arguments, "--split", "val", "--calibrate", "val"]) == 2
    assert "--calibrate val is the split that is reported" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("extra", "message"),
    [
        (["--set", "speed=9"], "--set knows no speed"),
        (["--set", "steps"], "'steps' is not NAME=VALUE"),
        (["--preset", "seagull-7b"], "seagull-7b is trained from released weights"),
        (["--network", "depth=3"], "NetworkConfig has no depth"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_remedy(release, tmp_path, capsys, extra, message):
    arguments = ["--data", str(release), "--output", str(tmp_path / "run")]
    assert train.main([*arguments, *extra]) == 2
    assert message in capsys.readouterr().err
