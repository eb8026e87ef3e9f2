import json

import numpy as np
import pytest
from PIL import Image
from pycocotools import mask as coco_mask

from ml.seagull.proof.make_set import QuantileMap, main


@pytest.fixture(scope="module")
def photographs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photographs")
    generator = np.random.default_rng(0)
    images, annotations = [], []
    for number, split in enumerate(["train", "train", "val"], start=1):
        (folder / split).mkdir(exist_ok=True)
        pixels = np.kron(generator.integers(0, 256, (6, 8, 3)), np.ones((20, 20, 1))).astype(np.uint8)
        Image.fromarray(pixels).save(folder / split / f"{number}.png")
        images.append({"id": number, "file_name": f"{split}/{number}.png", "width": 160, "height": 120})
        for left in (0, 80):
            mask = np.zeros((120, 160), np.uint8, order="F")
            mask[10:110, left + 5 : left + 75] = 1
            rle = coco_mask.encode(mask)
            annotations.append(
                {"id": len(annotations) + 1, "image_id": number, "category_id": 1, "iscrowd": 0}
                | {"segmentation": {"size": [120, 160], "counts": rle["counts"].decode()}}
            )
    coco = folder / "regions.json"
    coco.write_text(json.dumps({"images": images, "annotations": annotations, "categories": []}))
    return folder


def made(photographs, output, seed=0):
    main(
        [
            "--coco",
            str(photographs / "regions.json"),
            "--images",
            str(photographs),
            "--output",
            str(output),
            "--train-variants",
            "6",
            "--val-variants",
            "3",
            "--size",
            "80",
            "--seed",
            str(seed),
        ]
    )
    return json.loads((output / "annotations.json").read_text())


def test_the_same_seed_makes_the_same_bytes_and_another_does_not(photographs, tmp_path):
    first, again, other = (made(photographs, tmp_path / name, seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert first == again
    assert first != other
    hashes = [image["sha256"] for image in first["images"]]
    assert hashes == [image["sha256"] for image in again["images"]]


def test_labels_are_whole_and_follow_the_pictures(photographs, tmp_path):
    document = made(photographs, tmp_path / "set")
    split = {image["id"]: image["split"] for image in document["images"]}
    assert set(split.values()) == {"train", "val"}
    assert all((tmp_path / "set" / image["file_name"]).exists() for image in document["images"])
    for row in document["annotations"]:
        mask = coco_mask.decode(row["segmentation"])
        assert mask.sum() == row["area"] >= 500
        assert row["clean"] == all(value is None for value in row["distortions"].values())
        assert 0 <= row["quality"]["mean"] <= 4
        assert 0 <= row["importance"]["level"] <= 4
    untouched = [row for row in document["annotations"] if row["quality"]["mean"] == 4]
    assert all(row["clean"] for row in untouched)


def test_an_existing_folder_is_left_alone(photographs, tmp_path):
    with pytest.raises(SystemExit, match="exists already"):
        made(photographs, tmp_path)


def test_quantile_map_spreads_evenly_and_counts_ties_once():
    spread = QuantileMap.fit([1.0] * 500 + list(np.linspace(0, 1, 101) ** 3))
    assert spread(0.5**3) == pytest.approx(2, abs=0.05)
    assert (spread(-1), spread(2)) == (0, 4)
