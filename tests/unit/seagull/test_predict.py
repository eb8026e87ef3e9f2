"""The command `predict`, from a folder of weights and a COCO file to a JSON."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ml.seagull import weights
from ml.seagull.language.levels import DISTORTIONS, QUALITY_WORDS
from ml.seagull.language.parser import parse_distortions
from ml.seagull.language.prompts import prompt_text
from ml.seagull.language.tokenizer import word_level
from ml.seagull.loading import load_scorer, read_calibration
from ml.seagull.network.model import Seagull
from ml.seagull.predict import main
from ml.seagull.presets import preset
from tests.unit.seagull.tree.pictures import image


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Weights of a random `ci` network, a picture and its regions."""
    folder = tmp_path_factory.mktemp("predict")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = Seagull(preset("ci"))
    word_level().save(folder / "tokenizer.json")
    (folder / "prompts.json").write_text(prompt_text("own-v1"))
    (folder / "calibration.json").write_text(
        json.dumps({"temperatures": {"quality": 2.0}, "thresholds": {"blur": 1.0}})
    )
    state = {name: value for name, value in model.state_dict().items() if name != "lm.lm_head.weight"}
    files = [folder / name for name in ("tokenizer.json", "prompts.json", "calibration.json")]
    weights.write(folder / "weights", model.config, [state], files=files)
    sample = image(rois=3)
    Image.fromarray(sample.load()).save(folder / "picture.png")
    document = {
        "images": [{"id": 7, "file_name": "any/picture.png"}, {"id": 8, "file_name": "other.png"}],
        "annotations": [
            {"id": number, "image_id": 7, "segmentation": {"size": [48, 48], "counts": roi.rle.counts}}
            for number, roi in enumerate(sample.rois)
        ],
    }
    (folder / "rois.json").write_text(json.dumps(document))
    yield folder
    torch.set_num_threads(threads)


def _run(folder: Path, **changed: Path) -> tuple[int, Path]:
    output = folder / "scores.json"
    given = {"weights": folder / "weights", "image": folder / "picture.png", "rois": folder / "rois.json"} | changed
    arguments = [part for name, path in given.items() for part in (f"--{name}", str(path))]
    return main([*arguments, "--output", str(output)]), output


def test_every_region_is_scored_and_described(folder):
    code, output = _run(folder)
    document = json.loads(output.read_text())
    assert code == 0
    assert document["model"]["prompt"] == "own-v1"
    assert document["model"]["weights"] == weights.fingerprint(folder / "weights")
    assert [roi["id"] for roi in document["rois"]] == ["0", "1", "2"]
    for roi in document["rois"]:
        assert 0 <= roi["quality"]["score"] <= 4
        assert roi["quality"]["level_word"] == QUALITY_WORDS[int(np.argmax(roi["quality"]["probabilities"]))]
        assert tuple(roi["distortions"]) == DISTORTIONS
        assert parse_distortions(roi["answer"]["text"]).error is None
        assert not roi["distortions"]["blur"]["present"]  # its threshold is 1


def test_two_runs_write_the_same(folder):
    first, second = (_run(folder)[1].read_bytes() for _ in range(2))
    assert first == second


def test_temperatures_of_the_folder_are_used(folder):
    ready = load_scorer(folder / "weights")
    assert ready.scorer.temperatures == {"quality": 2.0}
    assert read_calibration(folder).threshold("noise") == 0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"weights": "nowhere"}, "has no tokenizer.json"),
        ({"image": "rois.json"}, "cannot identify image"),
        ({"rois": "elsewhere.json"}, "No such file"),
    ],
)
def test_what_is_missing_is_named(folder, change, message, capsys):
    code, _ = _run(folder, **{name: folder / value for name, value in change.items()})
    assert code == 2
    assert message in capsys.readouterr().err


def test_a_file_about_other_pictures_is_refused(folder, capsys):
    Image.open(folder / "picture.png").save(folder / "unknown.png")
    assert _run(folder, image=folder / "unknown.png")[0] == 2
    assert "0 images named unknown.png among 2" in capsys.readouterr().err


def test_a_mask_of_another_size_is_refused_by_its_id(folder, capsys):
    (folder / "small").mkdir()
    Image.new("RGB", (20, 20)).save(folder / "small" / "picture.png")
    assert _run(folder, image=folder / "small" / "picture.png")[0] == 2
    assert "annotation 0: the mask is of size" in capsys.readouterr().err
