"""Official .pth checkpoints: the same masks as the official package, and nothing but plain tensors."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from ml.segmentation import official_checkpoint
from ml.segmentation.manifest import ModelError
from ml.segmentation.models import load
from ml.segmentation.prompts import Box, Point, Prompt
from ml.segmentation.sam_backend import SAMBackend
from tests.unit.segmentation.pictures import blocks

# tools/bootstrap.py installs it; beside a CPU build of torch torchvision only works in a process that makes up for it.
PACKAGES = Path(sys.prefix) / "segment-anything"
REFERENCE = Path(__file__).with_name("segment_anything_reference.py")
POINTS = (Point(40, 30), Point(70, 20, positive=False), Point(12, 44))
# (prompt, wants the three masks, fed with the mask of the prompt before)
PROMPTS = [
    (Prompt(points=POINTS[:1]), True, False),
    (Prompt(points=POINTS[:2]), False, True),
    (Prompt(points=POINTS), False, False),
    (Prompt(box=Box(10, 8, 66, 51)), False, False),
    (Prompt(points=POINTS[:2], box=Box(10, 8, 66, 51)), False, True),
]


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not (PACKAGES / "segment_anything").is_dir():
        pytest.skip(f"segment_anything is not in {PACKAGES}: `make test` puts it there where there is a network.")
    folder = tmp_path_factory.mktemp("segment_anything")
    Image.fromarray(blocks(60, 90, seed=3, tile=13)).save(folder / "picture.png")
    prompts = [
        {
            "points": [vars(point) for point in prompt.points],
            "box": list(vars(prompt.box).values()) if prompt.box else None,
            "multimask": is_multimask,
            "previous": is_fed,
        }
        for prompt, is_multimask, is_fed in PROMPTS
    ]
    (folder / "prompts.json").write_text(json.dumps(prompts))
    environment = os.environ | {"PYTHONPATH": str(PACKAGES), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, REFERENCE, folder], check=True, env=environment, timeout=100)
    return folder


@pytest.fixture(scope="module")
def backend(reference: Path) -> SAMBackend:
    return load(reference / "tiny_sam.pth")


def test_the_official_package_and_this_one_give_the_same_masks(reference: Path, backend: SAMBackend) -> None:
    image = backend.prepare(np.asarray(Image.open(reference / "picture.png")))
    answers = np.load(reference / "answers.npz")
    previous = None
    for number, (prompt, is_multimask, is_fed) in enumerate(PROMPTS):
        logits, scores = image.decode([Prompt(prompt.points, prompt.box, previous if is_fed else None)])
        kept = slice(1, 4) if is_multimask else slice(0, 1)
        official = answers[f"masks_{number}"]
        assert 0.02 < official.mean() < 0.98, "masks that are all or nothing would prove little"
        masks = np.array(image.masks_of(logits[0, kept]))
        overlap = (masks & official).sum() / (masks | official).sum()
        assert overlap >= 0.99
        # The embedding is kept in 16 bits, the official one in 32.
        assert np.abs(scores[0, kept] - answers[f"iou_{number}"]).max() < 2e-3
        previous = answers[f"logits_{number}"][0]


def test_sizes_come_from_the_tensors(backend: SAMBackend) -> None:
    manifest = backend.manifest
    assert (manifest.family, manifest.input_size, manifest.low_res) == ("sam", 128, (32, 32))
    assert [part.shape for part in manifest.embedding] == [(32, 8, 8)]
    vision = backend.network.config.vision_config
    assert (vision.num_attention_heads, vision.window_size, list(vision.global_attn_indexes)) == (4, 3, [1])


class Harmful:
    def __reduce__(self):
        return (Path.touch, (Path("harm.txt"),))


def test_pickled_code_is_refused_and_not_run(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    torch.save({"image_encoder.pos_embed": Harmful()}, tmp_path / "bad.pth")
    with pytest.raises(ModelError, match="may run any code"):
        official_checkpoint.read_checkpoint(tmp_path / "bad.pth")
    assert not (tmp_path / "harm.txt").exists()


@pytest.mark.parametrize("content", [b"PK\x03\x04 cut off", b""])
def test_a_broken_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.pth").write_bytes(content)
    with pytest.raises(ModelError, match="no checkpoint of plain tensors"):
        official_checkpoint.read_checkpoint(tmp_path / "bad.pth")


def test_tensors_of_another_model_are_refused_by_name(tmp_path: Path) -> None:
    torch.save({"encoder.weight": torch.zeros(2)}, tmp_path / "other.pth")
    with pytest.raises(ModelError, match=r"it lacks image_encoder\.pos_embed.*SAM 2"):
        official_checkpoint.read_checkpoint(tmp_path / "other.pth")


def test_the_refusal_reaches_whoever_loads(tmp_path: Path) -> None:
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(ModelError, match=r"list\.pth holds list"):
        load(tmp_path / "list.pth")
    with pytest.raises(ModelError, match="does not exist"):
        load(tmp_path / "none.pth")
