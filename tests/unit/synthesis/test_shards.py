"""Sets are built of shards that are made once, whole, and anywhere."""

import hashlib
import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image
from pycocotools import mask as coco_mask
from scipy import ndimage

from ml.synthesis import build
from ml.synthesis.masks import BadMasks, CocoMasks, FoundMask, without_unfit
from ml.synthesis.quality import MultiScaleSSIM
from ml.synthesis.references import read_reference
from ml.synthesis.render import render
from ml.synthesis.settings import SHIPPED_TABLE, TYPES, read_table
from ml.synthesis.shards import ShardSpec, Tools, read_manifest, run_shard

HEIGHT, WIDTH = 96, 128


@pytest.fixture(scope="module")
def photographs(tmp_path_factory) -> Path:
    """Three generated scenes and a COCO file with two regions each, one of them too small."""
    folder = tmp_path_factory.mktemp("photographs")
    images, annotations = [], []
    for number in range(3):
        random = np.random.default_rng(number)
        picture = np.clip(ndimage.zoom(random.random((3, 6, 8)), (1, 16, 16), order=3), 0, 1)
        Image.fromarray((picture * 255).astype(np.uint8).transpose(1, 2, 0)).save(folder / f"scene{number}.png")
        images.append({"id": number, "file_name": f"scene{number}.png", "height": HEIGHT, "width": WIDTH})
        y, x = np.mgrid[:HEIGHT, :WIDTH]
        for radius in (25, 10):
            mask = (y - 48) ** 2 + (x - 40 - 10 * number) ** 2 <= radius**2
            rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
            rle["counts"] = rle["counts"].decode()
            annotations.append({"id": len(annotations), "image_id": number, "segmentation": rle, "level": "component"})
    (folder / "masks.json").write_text(json.dumps({"images": images, "annotations": annotations}))
    return folder


@pytest.fixture(scope="module")
def planned(photographs, tmp_path_factory):
    output = tmp_path_factory.mktemp("set")
    plan = build.Plan(str(output), str(SHIPPED_TABLE), str(photographs / "masks.json"), "region-tree")
    masks, source = plan.mask_source()
    (spec,) = build.plan_shards(sorted(photographs.glob("*.png")), plan, long_side=1024, masks=masks)
    return spec, Tools(read_table(), MultiScaleSSIM(), source)


@pytest.fixture(scope="module")
def finished(planned, tmp_path_factory):
    spec, tools = planned
    output = tmp_path_factory.mktemp("finished")
    return output, run_shard(spec, output, tools)


def test_a_shard_holds_every_mask_in_every_type_and_setting(planned, finished):
    spec, _ = planned
    output, manifest = finished
    assert manifest["rows"] == {"references": 3, "masks": 3, "scores": 360}
    scores = pq.read_table(output / "shards" / spec.key / "scores.parquet")
    keys = set(
        zip(*(scores.column(name).to_pylist() for name in ("reference", "type", "setting", "mask")), strict=True)
    )
    assert len(keys) == 360
    assert set(scores.column("metric").to_pylist()) == {"ms-ssim-chroma:1"}
    assert pq.ParquetFile(output / "shards" / spec.key / "scores.parquet").num_row_groups == 3


def test_its_scores_are_those_of_the_image_that_its_recipe_renders(planned, finished):
    spec, tools = planned
    output, _ = finished
    rows = pq.read_table(output / "shards" / spec.key / "scores.parquet").to_pylist()
    row = next(row for row in rows if row["type"] == TYPES.index("blur") and row["setting"] == 14)
    path = dict(spec.references)[row["reference"]]
    reference = read_reference(Path(path))
    image = render(reference, "blur", [14], tools.table).float() / 255.0
    mask = tools.masks(reference)[row["mask"]].tensor()
    from ml.synthesis.labels import score_regions

    scores = score_regions(image, reference.display, [mask], tools.metric)
    assert scores.quality[0, 0].item() == pytest.approx(row["quality"], abs=1e-4)
    assert scores.importance[0, 0].item() == pytest.approx(row["importance"], abs=1e-4)


def test_another_worker_makes_the_same_bytes(planned, finished, tmp_path):
    spec, tools = planned
    _, manifest = finished
    assert run_shard(spec, tmp_path, tools)["sha256"] == manifest["sha256"]


def test_a_finished_shard_is_not_made_again(planned, finished):
    spec, tools = planned
    output, manifest = finished

    def refuse(reference):
        raise AssertionError("made again")

    assert run_shard(spec, output, replace(tools, masks=refuse)) == manifest


def test_a_worker_killed_in_the_middle_leaves_nothing_and_the_next_one_everything(planned, finished, tmp_path):
    spec, _ = planned
    _, manifest = finished
    script = tmp_path / "worker.py"
    script.write_text(
        "import json, sys, time\nfrom pathlib import Path\n"
        "from ml.synthesis import build\nfrom ml.synthesis.shards import ShardSpec, run_shard\n"
        "spec, plan, output = json.loads(Path(sys.argv[1]).read_text())\n"
        "def step(done):\n    print(done, flush=True)\n    time.sleep(60)\n"
        "run_shard(ShardSpec.from_json(spec), Path(output), build.Plan(**plan).tools(), step=step)\n"
    )
    coco = str(Path(spec.references[0][1]).parents[3] / "none.json")
    plan = {"output": "", "table": str(SHIPPED_TABLE), "coco": coco, "segmentation": "region-tree"}
    Path(coco).write_text(json.dumps({"images": [], "annotations": []}))
    job = tmp_path / "job.json"
    job.write_text(json.dumps([json.loads(json.dumps(spec.__dict__)), plan, str(tmp_path / "out")]))
    repository = Path(build.__file__).parents[2]
    worker = subprocess.Popen(
        [sys.executable, str(script), str(job)], stdout=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": str(repository)},
    )  # fmt: skip
    assert worker.stdout is not None
    assert worker.stdout.readline() == "1\n"
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    assert read_manifest(tmp_path / "out" / "shards" / spec.key) is None
    _, tools = planned
    assert run_shard(spec, tmp_path / "out", tools)["sha256"] == manifest["sha256"]


def test_a_damaged_shard_is_refused_by_name(planned, tmp_path):
    spec, tools = planned
    run_shard(spec, tmp_path, tools)
    file = tmp_path / "shards" / spec.key / "scores.parquet"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(ValueError, match=r"scores\.parquet is missing or damaged"):
        run_shard(spec, tmp_path, tools)


def test_a_worker_with_another_table_or_photograph_is_refused(planned, tmp_path):
    spec, tools = planned
    with pytest.raises(ValueError, match="planned with settings table other"):
        run_shard(replace(spec, table="other"), tmp_path, tools)
    (_, path), *rest = spec.references
    with pytest.raises(ValueError, match="not the photograph that was planned"):
        run_shard(replace(spec, references=(("0" * 64, path), *rest)), tmp_path, tools)
    assert list((tmp_path / "shards").iterdir()) == []


def test_the_key_is_of_content_not_of_place(planned):
    spec, _ = planned
    moved = replace(spec, references=tuple((sha, "/elsewhere/x.png") for sha, _ in spec.references))
    assert moved.key == spec.key
    assert replace(spec, long_side=512).key != spec.key
    assert ShardSpec.from_json(json.loads(json.dumps(spec.__dict__))) == spec


def test_the_command_builds_a_set_and_goes_on_where_it_stopped(photographs, tmp_path, capsys):
    arguments = [
        "--references",
        str(photographs),
        "--coco",
        str(photographs / "masks.json"),
        "--output",
        str(tmp_path / "set"),
    ]
    build.main([*arguments, "--workers", "1"])
    first = json.loads((tmp_path / "set" / "dataset.json").read_text())
    assert first["rows"] == {"references": 3, "masks": 3, "scores": 360}
    assert sorted(first["importance_cuts"]) == first["importance_cuts"]
    shards = {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*.parquet")}
    build.main([*arguments, "--workers", "1"])
    assert json.loads((tmp_path / "set" / "dataset.json").read_text()) == first
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "set").rglob("*.parquet")} == shards
    assert "360" in capsys.readouterr().out


def test_several_workers_build_the_same_set(photographs, finished, planned, tmp_path):
    _, manifest = finished
    build.main(
        ["--references", str(photographs), "--coco", str(photographs / "masks.json"), "--output", str(tmp_path / "set"), "--workers", "2"]
    )  # fmt: skip
    spec, _ = planned
    assert read_manifest(tmp_path / "set" / "shards" / spec.key)["sha256"] == manifest["sha256"]


def test_an_empty_folder_is_refused(tmp_path):
    with pytest.raises(SystemExit, match="there is no photograph in it"):
        build.main(["--references", str(tmp_path), "--output", str(tmp_path / "out")])
    assert not (tmp_path / "out").exists()


def test_masks_are_brought_to_working_size(photographs):
    reference = read_reference(photographs / "scene0.png", long_side=100)
    (found,) = CocoMasks(photographs / "masks.json")(reference)
    assert found.mask.shape == (75, 100)
    assert found.level == "component"
    assert abs(found.mask.sum() - np.pi * 25**2 * (100 / 128) ** 2) < 40


def test_masks_of_another_shape_are_refused(photographs, tmp_path):
    document = json.loads((photographs / "masks.json").read_text())
    for image in document["images"]:
        image["height"], image["width"] = image["width"], image["height"]
    for annotation in document["annotations"]:
        annotation["segmentation"]["size"].reverse()
    (tmp_path / "turned.json").write_text(json.dumps(document))
    with pytest.raises(BadMasks, match="96 x 128 in the COCO file, but the photograph has 128 x 96"):
        CocoMasks(tmp_path / "turned.json")(read_reference(photographs / "scene0.png"))


def test_duplicates_small_and_frame_filling_masks_go():
    base = np.zeros((100, 100), dtype=bool)
    square, same, other, small = base.copy(), base.copy(), base.copy(), base.copy()
    square[10:60, 10:60], same[11:60, 10:60], other[30:90, 30:90], small[:31, :33] = True, True, True, True
    found = [FoundMask(mask, "object", "test", {}) for mask in (square, same, other, small, ~base)]
    assert [one.mask.sum() for one in without_unfit(found)] == [2500, 3600]


def test_a_segmentation_model_proposes_masks_where_none_are_given(photographs):
    from ml.synthesis.proposed import ProposedMasks

    source = ProposedMasks("region-tree")
    reference = read_reference(photographs / "scene1.png")
    found = source(reference)
    assert found
    assert source.name.startswith("region-tree:")
    assert [one.rle() for one in found] == [one.rle() for one in ProposedMasks("region-tree")(reference)]
    assert all(json.dumps(one.prompt) and one.level == "component" for one in found)


def test_references_keep_their_bytes(planned, photographs):
    spec, _ = planned
    for sha, path in spec.references:
        assert hashlib.sha256(Path(path).read_bytes()).hexdigest() == sha
        assert torch.is_tensor(read_reference(Path(path)).pixels)
