"""Proposals from any backend: spread points, filters, no doubles, objects from boxes."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pycocotools import mask as coco_mask

from ml.segmentation.evaluate import iou
from ml.segmentation.prompts import BoolMask, Box, Candidate, Logits, Pixels, Prompt
from ml.segmentation.proposals import (
    LARGEST_SHARE,
    LEAST_PIXELS,
    SAME_MASK,
    Detection,
    Filter,
    as_found,
    best_boxes,
    blue_noise,
    distinct,
    propose,
    stability_of,
)
from ml.segmentation.tree_prompts import RegionTreeBackend
from tests.unit.segmentation.pictures import disc

SIZE = 120
PROMPT = Prompt(box=Box(0, 0, 1, 1))


def square(side: int, *, at: int = 10) -> BoolMask:
    mask = np.zeros((SIZE, SIZE), dtype=np.bool_)
    mask[at : at + side, at : at + side] = True
    return mask


@dataclass(frozen=True)
class Answering:
    """A backend that gives the same candidates for whatever prompt."""

    candidates: list[Candidate]
    asked: list[Prompt] = field(default_factory=list)
    name: str = "answering"
    version: str = "1"

    def prepare(self, pixels: Pixels) -> "Answering":
        return self

    def predict(self, prompt: Prompt) -> list[Candidate]:
        self.asked.append(prompt)
        return self.candidates


def logits_of(mask: BoolMask, *, certainty: float) -> Logits:
    return np.where(mask, certainty, -certainty).astype(np.float32)


PICTURE = np.zeros((SIZE, SIZE, 3), dtype=np.uint8)


def test_points_are_the_same_for_the_same_seed_and_keep_apart() -> None:
    points = blue_noise(321, 481, count=64, seed=3)
    assert points == blue_noise(321, 481, count=64, seed=3) != blue_noise(321, 481, count=64, seed=4)
    places = np.array([(point.x, point.y) for point in points])
    apart = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=2))
    np.fill_diagonal(apart, np.inf)
    # A grid of 64 has 49 px between neighbours; points thrown at random come within 5 px.
    assert apart.min() > 20
    assert all(0 <= point.x < 481 and 0 <= point.y < 321 for point in points)


def test_a_tiny_picture_has_each_pixel_once() -> None:
    points = blue_noise(3, 5, count=64, seed=1)
    assert len({(point.x, point.y) for point in points}) == len(points) == 15


def test_components_pass_both_filters() -> None:
    sure = square(50)
    shaky = square(60, at=40)
    candidates = [
        Candidate(mask=sure, score=0.95, logits=logits_of(sure, certainty=5.0)),
        Candidate(mask=shaky, score=0.97, logits=logits_of(shaky, certainty=0.5)),
        Candidate(mask=square(40, at=70), score=0.5, logits=logits_of(sure, certainty=5.0)),
    ]
    (only,) = propose(Answering(candidates), PICTURE, level="component", seed=1)
    assert np.array_equal(only.mask, sure)
    assert (only.level, only.score, only.stability) == ("component", 0.95, 1.0)
    assert len(only.prompt.points) == 1
    both = propose(Answering(candidates), PICTURE, level="component", seed=1, least=Filter(score=0.4, stability=0.0))
    assert [one.score for one in both] == [0.97, 0.95, 0.5]


def test_components_are_neither_tiny_nor_nearly_everything() -> None:
    candidates = [Candidate(mask=square(side, at=0), score=1.0) for side in (31, 32, 92, 93)]
    found = propose(Answering(candidates), PICTURE, level="component", seed=1)
    assert sorted(int(one.mask.sum()) for one in found) == [32 * 32, 92 * 92]


def test_a_picture_is_asked_at_64_points_and_gives_at_most_28_components() -> None:
    many = [
        Candidate(mask=np.roll(square(33, at=0), (y, x), axis=(0, 1)), score=0.9)
        for y in range(0, 84, 12)
        for x in range(0, 84, 12)
    ]
    backend = Answering(many)
    assert len(propose(backend, PICTURE, level="component", seed=2)) == 28
    assert len(set(backend.asked)) == 64


def test_objects_come_from_the_boxes_of_the_detector() -> None:
    backend = Answering([Candidate(mask=square(50), score=0.1)])
    boxes = [Detection(Box(10, 10, 60, 60), 0.9), Detection(Box(11, 10, 60, 60), 0.8), Detection(Box(0, 0, 9, 9), 0.4)]
    (only,) = propose(backend, PICTURE, level="object", seed=0, detect=lambda _: boxes)
    assert backend.asked == [Prompt(box=Box(10, 10, 60, 60))] == [only.prompt]
    assert (only.score, only.level, only.stability) == (0.9, "object", None)


def test_at_most_12_objects() -> None:
    masks = iter(np.roll(square(33, at=0), (y, x), axis=(0, 1)) for y in range(0, 80, 16) for x in range(0, 80, 16))

    class Other(Answering):
        def predict(self, prompt: Prompt) -> list[Candidate]:
            return [Candidate(mask=next(masks), score=1.0)]

    boxes = [Detection(Box(10 * n, 0, 10 * n + 9, 9), 0.9) for n in range(12)] + [
        Detection(Box(10 * n, 20, 10 * n + 9, 29), 0.9) for n in range(12)
    ]
    assert len(propose(Other([]), PICTURE, level="object", seed=0, detect=lambda _: boxes)) == 12


def test_boxes_are_cut_to_the_picture() -> None:
    found = best_boxes([Detection(Box(-5, 3, 50, 400), 0.7), Detection(Box(200, 0, 300, 50), 0.9)], (SIZE, SIZE))
    assert [one.box for one in found] == [Box(0, 3, 50, SIZE)]


def test_a_level_that_does_not_exist_is_told() -> None:
    with pytest.raises(ValueError, match="'part'"):
        propose(Answering([]), PICTURE, level="part", seed=0)  # type: ignore[arg-type]


def test_stability_is_the_overlap_of_two_thresholds() -> None:
    logits = np.full((4, 4), -3.0, dtype=np.float32)
    logits[:2, :2] = 2.0
    logits[2, :2] = 0.5
    assert stability_of(logits) == pytest.approx(4 / 6)
    assert stability_of(np.full((4, 4), -9.0, dtype=np.float32)) == 0.0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 70), st.integers(0, 70), st.integers(20, 50), st.integers(20, 50), st.floats(0, 1)),
        max_size=12,
    )
)
def test_no_two_kept_masks_are_the_same_and_what_went_had_a_better_double(
    rows: list[tuple[int, int, int, int, float]],
) -> None:
    given_masks = []
    for y, x, height, width, score in rows:
        mask = np.zeros((SIZE, SIZE), dtype=np.bool_)
        mask[y : y + height, x : x + width] = True
        given_masks.append((mask, score))
    found = [as_found(mask, score=score, stability=None, prompt=PROMPT) for mask, score in given_masks]
    kept = distinct([one for one in found if one is not None], most=100)
    masks = [np.asarray(coco_mask.decode(one.rle), dtype=np.bool_) for one in kept]
    scores = [one.score for one in kept]
    assert scores == sorted(scores, reverse=True)
    assert all(iou(a, b) <= SAME_MASK for n, a in enumerate(masks) for b in masks[:n])
    for mask, score in given_masks:
        if LEAST_PIXELS <= mask.sum() <= LARGEST_SHARE * mask.size:
            assert any(
                np.array_equal(mask, other) or (iou(mask, other) > SAME_MASK and better >= score)
                for other, better in zip(masks, scores, strict=True)
            )


def test_the_region_tree_proposes_the_disc() -> None:
    pixels, mask = disc()
    found = propose(RegionTreeBackend(), pixels, level="component", seed=1)
    assert max(iou(one.mask, mask) for one in found) > 0.95
    assert all(one.stability is None for one in found)
