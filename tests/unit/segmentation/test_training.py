"""Training of the small SAM: pictures, prompts, steps, and a run that goes on after it was stopped."""

import json
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from pycocotools import mask as coco_mask
from safetensors.torch import load_file

from ml.segmentation import models, train
from ml.segmentation.prompts import BoolMask, Pixels
from ml.segmentation.region_tree import build_tree
from ml.segmentation.training import checkpoint
from ml.segmentation.training.architecture import SmallSam, new_model
from ml.segmentation.training.canvases import LEAST_PIXELS, MODEL_SIZE, make_canvas
from ml.segmentation.training.objective import loss_of
from ml.segmentation.training.photographs import Photograph, photograph
from tests.unit.segmentation.pictures import blocks, disc


def drawn_picture(seed: int) -> tuple[Pixels, list[BoolMask]]:
    """A disc before tiles, 96 x 144, and the two regions that a person would draw."""
    red, inside = disc()
    pixels, mask = blocks(96, 144, seed=seed, tile=24), np.zeros((96, 144), dtype=np.bool_)
    mask[:, 24:120] = inside
    pixels[mask] = red[inside][0]
    return pixels, [mask, ~mask & (np.arange(144) < 72)]


@pytest.fixture(scope="module")
def photographs() -> list[Photograph]:
    pictures = [drawn_picture(seed) for seed in (1, 2)]
    return [photograph(pixels, masks, build_tree(pixels)) for pixels, masks in pictures]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    """A COCO file and its pictures: two to train on, one to choose by."""
    (tmp_path / "train").mkdir()
    (tmp_path / "val").mkdir()
    images, annotations = [], []
    for number, name in enumerate(("train/a.png", "train/b.png", "val/c.png")):
        pixels, masks = drawn_picture(number)
        Image.fromarray(pixels).save(tmp_path / name)
        images.append({"id": number, "file_name": name, "height": 96, "width": 144})
        for mask in masks:
            rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
            annotations.append(
                {"image_id": number, "segmentation": {"size": rle["size"], "counts": rle["counts"].decode()}}
            )
    (tmp_path / "coco.json").write_text(json.dumps({"images": images, "annotations": annotations}), encoding="utf-8")
    return tmp_path


def run(dataset: Path, folder: str, *more: str) -> Path:
    path = dataset / folder
    given = ["--coco", str(dataset / "coco.json"), "--images", str(dataset), "--run", str(path), "--threads", "1"]
    small = ["--batch", "2", "--prompts", "2", "--validate-every", "1000", "--save-every", "1000"]
    train.main([*given, *small, "--decoder-first", "1", "--windows-until", "1000", *more])
    return path


def test_every_pixel_lies_in_the_nodes_above_its_leaf(photographs: list[Photograph]) -> None:
    one = photographs[0]
    tree = build_tree(one.pixels)
    for y, x in ((0, 0), (48, 72), (95, 143)):
        rank = int(one.ranks[y, x])
        path = one.path(rank)
        assert path == tree.ancestors(int(tree.labels[y, x]))
        for node in path:
            chosen = np.zeros(len(tree.parent), dtype=np.bool_)
            chosen[node] = True
            inside = (one.ranks >= one.first[node]) & (one.ranks < one.last[node])
            assert np.array_equal(inside, tree.mask_of(chosen))


@pytest.mark.parametrize("size", [128, 256])
def test_canvases_have_regions_to_ask_for_and_depend_on_the_seed_alone(
    photographs: list[Photograph], size: int
) -> None:
    for seed in range(12):
        canvas = make_canvas(photographs, size=size, prompts=6, rng=np.random.default_rng(seed))
        again = make_canvas(photographs, size=size, prompts=6, rng=np.random.default_rng(seed))
        assert np.array_equal(canvas.pixels, again.pixels)
        assert np.array_equal(canvas.masks, again.masks)
        assert canvas.pixels.shape == (size, size, 3)
        assert canvas.masks.shape == (6, size, size)
        assert all(mask.sum() >= LEAST_PIXELS for mask in canvas.masks)
        assert not (canvas.masks & ~canvas.filled).any()


def test_its_own_passes_are_those_of_transformers() -> None:
    model = new_model(3)
    small, images = SmallSam(model).eval(), torch.randn(1, 3, 256, 256, generator=torch.Generator().manual_seed(1))
    points, boxes = torch.tensor([[[[40.0, 90.0]]]]), torch.tensor([[[20.0, 30.0, 140.0, 160.0]]])
    previous = torch.randn(1, 1, 128, 128, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        embeddings = small.encode(images)
        torch.testing.assert_close(embeddings, model.get_image_embeddings(images), rtol=1e-4, atol=1e-4)
        clicked, quality = small.decode(
            embeddings, torch.cat([points, torch.zeros_like(points)], dim=2), torch.tensor([[[1, -1]]]), several=True
        )
        theirs = model(image_embeddings=embeddings, input_points=points, input_labels=torch.tensor([[[1]]]))
        torch.testing.assert_close(clicked, theirs.pred_masks, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(quality, theirs.iou_scores, rtol=1e-4, atol=1e-4)
        boxed, _ = small.decode(embeddings, boxes.reshape(1, 1, 2, 2), torch.tensor([[[2, 3]]]), previous=previous)
        theirs = model(image_embeddings=embeddings, input_boxes=boxes, input_masks=previous, multimask_output=False)
        torch.testing.assert_close(boxed, theirs.pred_masks, rtol=1e-4, atol=1e-4)


def test_a_step_reaches_encoder_and_decoder(photographs: list[Photograph]) -> None:
    model = SmallSam(new_model(0))
    batch = train.make_batch(photographs, seed=0, step=0, size=128, count=1, prompts=4)
    loss, log = loss_of(model, batch, torch.Generator().manual_seed(0))
    loss.backward()  # type: ignore[no-untyped-call]
    without = [name for name, value in model.named_parameters() if value.grad is None and "mask_embed" not in name]
    # Which of the prompts are drawn decides whether no click is negative and whether there is a previous mask.
    assert without in ([], ["model.prompt_encoder.point_embed.0.weight"], ["model.prompt_encoder.no_mask_embed.weight"])
    assert set(log) == {"box", "three", "own", "corrected"}


def test_a_step_that_is_not_finite_changes_nothing(photographs: list[Photograph]) -> None:
    model = SmallSam(new_model(0))
    batch = train.make_batch(photographs, seed=0, step=0, size=128, count=1, prompts=2)
    batch.images[0, 0, 0, 0] = float("nan")
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = train.new_optimizer(model)
    train.take_step(model, optimizer, batch, seed=0, step=0, rate=1e-3, bf16=False)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_the_rate_rises_stays_and_falls() -> None:
    rates = [train.learning_rate(step, peak=1.0, steps=1000, cooldown=0.3) for step in range(1000)]
    assert rates[0] < 0.1
    assert set(rates[train.WARMUP : 700]) == {1.0}
    assert rates[700:] == sorted(rates[700:], reverse=True)
    assert rates[-1] < 0.02


def test_a_run_that_was_stopped_goes_on_to_the_same_weights(dataset: Path, capsys: pytest.CaptureFixture[str]) -> None:
    whole = run(dataset, "whole", "--steps", "3", "--cooldown", "0")
    run(dataset, "broken", "--steps", "2", "--cooldown", "0")
    # What a kill in the middle of saving leaves behind.
    (dataset / "broken" / f"{checkpoint.NAME}.part").write_bytes(b"half")
    broken = run(dataset, "broken", "--steps", "3", "--cooldown", "0")
    first, second = load_file(whole / checkpoint.NAME), load_file(broken / checkpoint.NAME)
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)
    rows = [json.loads(line) for line in (broken / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3]
    assert set(rows[-1]["validation"]) >= {"box", "click_best_of_three", "click_own_choice"}
    assert "step 3/3" in capsys.readouterr().out
    assert models.load(broken / checkpoint.MODEL).manifest.input_size == MODEL_SIZE


def test_a_signal_ends_the_run_after_its_step_and_saves(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    step = train.take_step

    def interrupted(*given: Any, **named: Any) -> dict[str, float]:
        signal.raise_signal(signal.SIGTERM)
        return step(*given, **named)

    monkeypatch.setattr(train, "take_step", interrupted)
    folder = run(dataset, "stopped", "--steps", "5")
    assert len((folder / "log.jsonl").read_text(encoding="utf-8").splitlines()) == 1
    assert (folder / checkpoint.NAME).exists()
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_prefix_without_pictures_is_told(dataset: Path) -> None:
    with pytest.raises(SystemExit, match="'nothing/'"):
        run(dataset, "none", "--prefix", "nothing/")
