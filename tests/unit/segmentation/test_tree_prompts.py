"""What a region tree answers to clicks and boxes, and the measurement of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from ml.segmentation.evaluate import box_of, evaluate, innermost, iou, main, read_regions
from ml.segmentation.prompts import Box, Point, Prompt
from ml.segmentation.tree_prompts import RegionTreeBackend
from tests.unit.segmentation.pictures import blocks, disc


@pytest.fixture(scope="module")
def prepared():
    picture, mask = disc()
    return RegionTreeBackend().prepare(picture), mask


def test_a_prompt_needs_something() -> None:
    with pytest.raises(ValueError):
        Prompt()


def test_a_click_gives_up_to_three_nested_masks_the_preferred_first(prepared) -> None:
    image, mask = prepared
    candidates = image.predict(Prompt(points=(Point(48, 48),)))
    assert 1 <= len(candidates) <= 3
    assert all(candidate.mask[48, 48] for candidate in candidates)
    scores = [candidate.score for candidate in candidates]
    assert scores[0] == max(scores)
    assert max(iou(candidate.mask, mask) for candidate in candidates) > 0.9


def test_a_box_around_an_object_gives_the_object(prepared) -> None:
    image, mask = prepared
    [answer] = image.predict(Prompt(box=box_of(mask)))
    assert iou(answer.mask, mask) > 0.9


def test_a_negative_click_cuts_and_a_positive_one_unites(prepared) -> None:
    image, _ = prepared
    inside, outside = Point(48, 48), Point(3, 3)
    both = image.predict(Prompt(points=(inside, outside)))[0].mask
    assert both[48, 48]
    assert both[3, 3]
    apart = image.predict(Prompt(points=(inside, Point(3, 3, positive=False))))[0].mask
    assert apart[48, 48]
    assert not apart[3, 3]


def test_no_click_undoes_another(prepared) -> None:
    picture = blocks(60, 60, seed=5)
    image = RegionTreeBackend().prepare(picture)
    points = (Point(10, 10), Point(50, 50, positive=False), Point(40, 12), Point(30, 30, positive=False))
    mask = image.predict(Prompt(points=points))[0].mask
    leaves = [image.leaf_at(point) for point in points]
    assert len(set(leaves)) == 4
    assert [bool(mask[point.y, point.x]) for point in points] == [True, False, True, False]


def test_the_innermost_point_of_a_disc_is_its_centre() -> None:
    _, mask = disc()
    x, y = innermost(mask)
    assert abs(x - 48) <= 1
    assert abs(y - 48) <= 1
    assert innermost(np.ones((5, 5), dtype=bool)) == (2, 2)


def coco_of(folder: Path) -> Path:
    picture, mask = disc()
    Image.fromarray(picture).save(folder / "disc.png")
    encoded = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    compressed = {"size": encoded["size"], "counts": encoded["counts"].decode()}
    square = [[20, 20, 60, 20, 60, 60, 20, 60]]
    document = {
        "images": [{"id": 7, "file_name": "disc.png", "width": 96, "height": 96}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 1, "segmentation": compressed},
            {"id": 2, "image_id": 7, "category_id": 1, "segmentation": square},
        ],
        "categories": [{"id": 1, "name": "region"}],
    }
    path = folder / "coco.json"
    path.write_text(json.dumps(document))
    return path


def test_evaluate_writes_the_mean_overlaps(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "result.json"
    main(["--coco", str(coco_of(tmp_path)), "--images", str(tmp_path), "--output", str(output)])
    result = json.loads(output.read_text())
    assert json.loads(capsys.readouterr().out) == result
    assert (result["backend"], result["regions"], result["images"]) == ("region-tree", 2, 1)
    assert set(result["mean_iou"]) == {"box", "click_best_of_three", "click_own_choice", "three_corrections"}
    assert result["mean_iou"]["click_best_of_three"] >= result["mean_iou"]["click_own_choice"]


def test_evaluate_finds_a_plain_object(tmp_path: Path) -> None:
    regions = read_regions(coco_of(tmp_path), limit=None, seed=0)[:1]
    found = evaluate(RegionTreeBackend(), regions, tmp_path)["mean_iou"]
    assert found["click_best_of_three"] > 0.9
    assert found["box"] > 0.9


def test_evaluate_draws_the_same_regions_for_the_same_seed(tmp_path: Path) -> None:
    coco = coco_of(tmp_path)
    assert read_regions(coco, limit=1, seed=3) == read_regions(coco, limit=1, seed=3)
    with pytest.raises(SystemExit):
        main(["--coco", str(coco), "--images", str(tmp_path), "--output", str(coco), "--prefix", "none"])


def test_a_box_outside_of_everything_is_an_empty_mask(prepared) -> None:
    image, _ = prepared
    assert not image.predict(Prompt(box=Box(5, 5, 5, 5)))[0].mask.any()
