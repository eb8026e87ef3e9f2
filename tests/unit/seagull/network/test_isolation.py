"""An ROI's tokens and answers never depend on its neighbours."""

import dataclasses

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.seagull.network.inputs import ImageInputs, ROIInputs
from ml.seagull.network.model import Seagull
from ml.seagull.presets import preset
from tests.unit.seagull.network.batches import hand_made_tree, random_images, random_rois

NETWORKS: dict[str, Seagull] = {}


def network(variant: str, **overrides: object) -> Seagull:
    key = f"{variant} {overrides}"
    if key not in NETWORKS:
        torch.manual_seed(3)
        NETWORKS[key] = Seagull(preset("ci", variant, **overrides)).eval()
    return NETWORKS[key]


def alone(rois: ROIInputs, number: int) -> ROIInputs:
    one = slice(number, number + 1)
    return ROIInputs(torch.zeros(1, dtype=torch.long), rois.masks[one], rois.crops[one])


@settings(max_examples=12, deadline=None)
@given(
    variant=st.sampled_from(["official", "paper", "native"]),
    counts=st.lists(st.integers(0, 4), min_size=1, max_size=3).filter(any),
    seed=st.integers(0, 1000),
)
def test_tokens_and_answers_of_a_region_are_the_same_alone_and_in_any_company(
    variant: str, counts: list[int], seed: int
) -> None:
    model = network(variant)
    rois = random_rois(model.config, tuple(counts), seed=seed)
    images = random_images(model.config, len(counts), seed=seed + 1)
    single = hand_made_tree(model.config, (1,))
    with torch.no_grad():
        together = model.encode(images, rois)
        answers = model(images, rois, hand_made_tree(model.config, tuple(counts))).logits.unflatten(0, (len(rois), 2))
        for number, image in enumerate(rois.image_index.tolist()):
            picture = ImageInputs(images.pixels[image : image + 1])
            by_itself = model.encode(picture, alone(rois, number))
            torch.testing.assert_close(by_itself.global_[0], together.global_[number], rtol=0, atol=1e-5)
            torch.testing.assert_close(by_itself.local[0], together.local[number], rtol=0, atol=1e-5)
            answer = model(picture, alone(rois, number), single).logits
            torch.testing.assert_close(answer, answers[number], rtol=0, atol=1e-5)


def test_the_released_axis_does_couple_the_regions_of_an_image_and_only_those() -> None:
    model = network("official", sa_axis="roi_set")
    images, rois = random_images(model.config, 2), random_rois(model.config, (2, 2))
    masks = rois.masks.clone()
    masks[0] = masks[0].roll(20, dims=1)
    with torch.no_grad():
        before = model.encode(images, rois).global_
        after = model.encode(images, dataclasses.replace(rois, masks=masks)).global_
    changed = (before - after).abs().amax(dim=1) > 1e-7
    assert changed.tolist() == [True, True, False, False]


@pytest.mark.parametrize("variant", ["official", "paper", "native"])
def test_a_later_click_on_a_kept_image_gives_the_same_tokens(variant: str) -> None:
    model = network(variant)
    images, rois = random_images(model.config, 1), random_rois(model.config, (3,))
    with torch.no_grad():
        pyramid = model.perceive(images)
        clicked = model.describe(pyramid, alone(rois, 2)).global_
        expected = model.encode(images, rois).global_[2:]
    torch.testing.assert_close(clicked, expected, rtol=0, atol=1e-5)
