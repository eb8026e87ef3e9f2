"""`python -m ml.segmentation.evaluate`: which backend, what it is asked, and what is wrong with the files."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ml.segmentation.evaluate import box_of, main, measure
from ml.segmentation.prompts import Candidate, Point, Prompt
from tests.unit.segmentation.pictures import disc
from tests.unit.segmentation.tiny_models import saved, tiny_sam


@pytest.fixture
def coco(tmp_path: Path) -> Path:
    picture, _ = disc()
    Image.fromarray(picture).save(tmp_path / "disc.png")
    square = [[10, 10, 40, 10, 40, 40, 10, 40]]
    document = {
        "images": [{"id": 1, "file_name": "disc.png", "width": 96, "height": 96}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "segmentation": square}],
    }
    path = tmp_path / "coco.json"
    path.write_text(json.dumps(document))
    return path


def arguments(coco: Path, *more: str) -> list[str]:
    return ["--coco", str(coco), "--images", str(coco.parent), "--output", str(coco.parent / "result.json"), *more]


def test_any_model_is_measured(coco: Path, tmp_path: Path) -> None:
    folder = saved(tiny_sam(), tmp_path / "tiny-sam")
    main(arguments(coco, "--model", str(folder)))
    result = json.loads((tmp_path / "result.json").read_text())
    assert (result["backend"], len(result["version"]), result["regions"]) == ("tiny-sam", 12, 1)
    assert set(result["mean_iou"]) == {"box", "click_best_of_three", "click_own_choice", "three_corrections"}


class Recording:
    """Answers everything with the empty mask and keeps what it was asked."""

    def __init__(self) -> None:
        self.prompts: list[Prompt] = []

    def predict(self, prompt: Prompt) -> list[Candidate]:
        self.prompts.append(prompt)
        logits = np.full((4, 4), len(self.prompts), dtype=np.float32)
        return [Candidate(mask=np.zeros((96, 96), dtype=np.bool_), score=0.5, logits=logits)]


def test_corrections_hand_the_mask_before_back() -> None:
    _, truth = disc()
    image = Recording()
    assert measure(image, truth)["three_corrections"] == 0
    click, box, *corrections = image.prompts
    assert (click.points, click.previous) == ((Point(48, 48),), None)
    assert box.box == box_of(truth)
    assert [len(prompt.points) for prompt in corrections] == [2, 3, 4]
    # Each corrects the answer to the one before, the first that to the click.
    assert [prompt.previous[0, 0] for prompt in corrections if prompt.previous is not None] == [1, 3, 4]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda coco: coco.unlink(), r"--coco: .*coco\.json does not exist"),
        (lambda coco: coco.write_text("{"), "is not JSON"),
        (lambda coco: coco.write_text("[]"), "lacks images or annotations"),
        (lambda coco: (coco.parent / "disc.png").unlink(), r"--images: .*disc\.png does not exist"),
        (lambda coco: Image.new("RGB", (40, 30)).save(coco.parent / "disc.png"), "is 40 x 30 pixels.*96 x 96"),
    ],
)
def test_a_wrong_file_is_named(coco: Path, change, says: str) -> None:
    change(coco)
    with pytest.raises(SystemExit, match=says):
        main(arguments(coco))


def test_wrong_arguments_are_named(coco: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"nowhere does not exist: give a folder"):
        main(arguments(coco, "--model", "nowhere"))
    with pytest.raises(SystemExit, match="name begins with 'test/'"):
        main(arguments(coco, "--prefix", "test/"))
    for wrong, says in (
        (["--limit", "0"], "0 is not 1 or more"),
        (["--model", "x", "--backend", "region-tree"], "not allowed with"),
        (["--output", str(coco.parent / "none" / "result.json")], "does not exist: make it first"),
    ):
        with pytest.raises(SystemExit):
            main(arguments(coco, *wrong))
        assert says in capsys.readouterr().err
