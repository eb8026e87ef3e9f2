"""Batches: pixels and regions in the order of the tree, the same for any number of workers."""

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from ml.seagull.data.records import ImageSample, ROILabels, ROISample
from ml.seagull.language.prompts import load_prompt
from ml.seagull.language.sampling import ImagePlan, Sampling, draw_plan
from ml.seagull.language.tokenizer import word_level
from ml.seagull.presets import preset
from ml.seagull.tree.collate import Batch, collate
from tests.unit.seagull.tree.pictures import image

TOKENIZER, PROMPT, CONFIG = word_level(), load_prompt("own-v1"), preset("ci")


class Batches(Dataset[Batch]):
    """Batch n is two images under the draw of epoch n."""

    def __getitem__(self, epoch: int) -> Batch:
        samples = [large(f"{epoch}-{number}") for number in range(2)]
        plan = [draw_plan(one, PROMPT, Sampling(rois=1), run_seed=0, epoch=epoch) for one in samples]
        return collate(
            samples, tokenizer=TOKENIZER, config=CONFIG, prompt=PROMPT, plan=plan, draw=[(0, epoch)] * len(samples)
        )


def large(name: str = "large") -> ImageSample:
    """A picture far larger than a local crop, all of it one region, and a second that is its upper half."""
    pixels = np.random.default_rng(len(name)).integers(0, 256, (300, 260, 3), dtype=np.uint8)
    whole, half = np.ones((300, 260), bool), np.zeros((300, 260), bool)
    half[:150] = True
    rois = tuple(ROISample.of(f"{name}-{n}", mask, ROILabels(quality=n)) for n, mask in enumerate((whole, half)))
    return ImageSample(name, "train", lambda: pixels, rois)


def _batch(sample: ImageSample, *, epoch: int | None) -> Batch:
    plan = draw_plan(sample, PROMPT, Sampling(), run_seed=0, epoch=0)
    draw = None if epoch is None else [(0, epoch)]
    return collate([sample], tokenizer=TOKENIZER, config=CONFIG, prompt=PROMPT, plan=[plan], draw=draw)


def test_regions_stand_in_the_order_of_the_tree():
    samples = [image("a", rois=1), image("b", rois=3)]
    plan = [draw_plan(one, PROMPT, Sampling(), run_seed=0, epoch=0) for one in samples]
    batch = collate(samples, tokenizer=TOKENIZER, config=CONFIG, prompt=PROMPT, plan=plan)
    length = batch.tree.token_ids.shape[1]
    assert batch.rois.image_index.tolist() == (batch.tree.global_slots // length).tolist() == [0, 1, 1, 1]
    assert batch.images.pixels.shape == (2, 3, 64, 64)
    assert batch.rois.masks.shape == (4, 64, 64)
    assert batch.tree.aux.quality.tolist() == [0, 0, 1, 2]


def test_windows_of_large_regions_move_from_epoch_to_epoch_and_come_back():
    crops = {epoch: _batch(large(), epoch=epoch).rois.crops for epoch in (None, 0, 1)}
    assert torch.equal(crops[0], _batch(large(), epoch=0).rois.crops)
    assert not torch.equal(crops[0], crops[1])
    assert torch.equal(crops[None], _batch(large(), epoch=None).rois.crops)


def test_batches_do_not_depend_on_the_number_of_workers():
    alone, beside = (
        list(DataLoader(Batches(), batch_size=None, sampler=range(4), num_workers=workers)) for workers in (0, 2)
    )
    for one, other in zip(alone, beside, strict=True):
        assert torch.equal(one.tree.token_ids, other.tree.token_ids)
        assert torch.equal(one.rois.crops, other.rois.crops)
        assert one.tree.question_rows == other.tree.question_rows


def test_a_mask_that_is_not_its_images_is_refused_by_name():
    small = ROISample.of("r", np.ones((4, 4), bool), ROILabels(quality=1))
    sample = ImageSample("i", "train", lambda: np.zeros((8, 8, 3), np.uint8), (small,))
    with pytest.raises(ValueError, match="image i is 8 x 8, the mask of ROI r 4 x 4"):
        _batch(sample, epoch=None)


def test_images_without_a_question_are_refused():
    with pytest.raises(ValueError, match="leave such images out"):
        collate([image()], tokenizer=TOKENIZER, config=CONFIG, prompt=PROMPT, plan=[ImagePlan(())])
