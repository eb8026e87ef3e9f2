"""Proposals: masks that a person then accepts, repairs or rejects (paper section 3.1.2).

Components come from clicks at points spread over the picture, objects from the boxes of a detector. Nothing here depends on
the backend: thresholds that do are in `FILTERS`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from ml.segmentation.prompts import Backend, BoolMask, Box, Candidate, Logits, Pixels, Point, PreparedImage, Prompt

Level = Literal["component", "object"]
LEVELS: tuple[Level, ...] = ("component", "object")
POINTS = 64
MOST_COMPONENTS, MOST_OBJECTS = 28, 12
# Masks below 32 x 32 pixels are no ROI; those above this share of the picture are background.
LEAST_PIXELS, LARGEST_SHARE = 32 * 32, 0.6
# Of two masks that overlap more than this the better one stays.
SAME_MASK = 0.85
OBJECT_SCORE, SAME_BOX = 0.5, 0.7
# How far the threshold is moved up and down to see whether a mask is stable, as segment_anything does.
STABILITY_OFFSET = 1.0
# Points tried for each one that is set: the farthest from all others is taken (Mitchell's best candidate).
TRIES_PER_POINT = 32


@dataclass(frozen=True)
class Filter:
    """The least score and stability of a component; `stability` is not asked of backends that have no logits."""

    score: float
    stability: float


# segment_anything's own defaults; others are chosen on train images, see docs/segmentation.md.
SAM_FILTER = Filter(score=0.88, stability=0.95)
FILTERS: Mapping[str, Filter] = {
    "region-tree": Filter(score=0.35, stability=0.0),
    "small-sam-1": Filter(score=0.3, stability=0.6),
}


@dataclass(frozen=True)
class Detection:
    """A box that a detector found, and how sure it is, 0 to 1."""

    box: Box
    score: float


@dataclass(frozen=True)
class Proposal:
    """A mask (height x width), its score (predicted IoU, or the detector's for an object) and the prompt it came from.

    `stability` is the IoU of the masks at a higher and a lower threshold; None for backends without logits.
    """

    mask: BoolMask
    level: Level
    score: float
    stability: float | None
    prompt: Prompt


@dataclass(frozen=True)
class _Found:
    """A proposal while it is sorted: the mask as compressed RLE, which compares fast and takes little memory."""

    rle: dict[str, Any]
    score: float
    stability: float | None
    prompt: Prompt


def propose(
    backend: Backend,
    pixels: Pixels,
    *,
    level: Level,
    seed: int,
    least: Filter | None = None,
    detect: Callable[[Pixels], Sequence[Detection]] | None = None,
) -> list[Proposal]:
    """Proposals for a picture (height x width x 3, sRGB), the best first.

    Components: at most 28, from 64 points that `seed` draws; `least` defaults to the backend's entry in FILTERS. Objects: at
    most 12, from the boxes of `detect`, by default of the configured detector (raises DetectorError if there is none).
    Raises ValueError for another level.
    """
    if level not in LEVELS:
        raise ValueError(f"level is {level!r}; it is one of {', '.join(LEVELS)}.")
    if level == "object":
        # Before the slow part: without a detector nothing can be proposed.
        boxes = (detect or _configured_detector())(pixels)
        prompts = [(Prompt(box=one.box), one.score) for one in best_boxes(boxes, pixels.shape[:2])]
        found = _objects(backend.prepare(pixels), prompts)
        return _proposals(distinct(found, most=MOST_OBJECTS), level)
    filtering = least or FILTERS.get(backend.name, SAM_FILTER)
    points = blue_noise(pixels.shape[0], pixels.shape[1], count=POINTS, seed=seed)
    found = _components(backend.prepare(pixels), points, filtering)
    return _proposals(distinct(found, most=MOST_COMPONENTS), level)


def blue_noise(height: int, width: int, *, count: int, seed: int) -> list[Point]:
    """Points spread evenly but without a grid; none twice, so fewer than `count` in a picture of fewer pixels."""
    rng = np.random.default_rng(seed)
    count = min(count, height * width)
    chosen = np.empty((count, 2), dtype=np.int64)
    nearest: NDArray[np.int64]
    for number in range(count):
        tries = np.stack(
            [rng.integers(width, size=TRIES_PER_POINT), rng.integers(height, size=TRIES_PER_POINT)], axis=1
        )
        nearest = _nearest(tries, chosen[:number])
        if number and nearest.max() == 0:
            # Nearly every pixel is taken: look at all that are left.
            tries = np.stack([plane.ravel() for plane in np.meshgrid(np.arange(width), np.arange(height))], axis=1)
            nearest = _nearest(tries, chosen[:number])
        chosen[number] = tries[int(nearest.argmax())]
    return [Point(x=int(x), y=int(y)) for x, y in chosen]


def stability_of(logits: Logits) -> float:
    """IoU of the mask at the thresholds +1 and -1; 0 for a mask that is empty even at -1."""
    large = int(np.count_nonzero(logits > -STABILITY_OFFSET))
    return int(np.count_nonzero(logits > STABILITY_OFFSET)) / large if large else 0.0


def best_boxes(found: Iterable[Detection], size: tuple[int, int]) -> list[Detection]:
    """Detections with a score of at least 0.5, cut to the picture (height, width), overlaps of IoU > 0.7 removed, best first."""
    height, width = size
    kept: list[Detection] = []
    for one in sorted(found, key=lambda one: -one.score):
        given = one.box
        box = Box(max(0, given.x0), max(0, given.y0), min(width, given.x1), min(height, given.y1))
        if one.score < OBJECT_SCORE or box.x0 >= box.x1 or box.y0 >= box.y1:
            continue
        if all(box_iou(box, other.box) <= SAME_BOX for other in kept):
            kept.append(Detection(box=box, score=one.score))
    return kept


def box_iou(first: Box, second: Box) -> float:
    across = min(first.x1, second.x1) - max(first.x0, second.x0)
    down = min(first.y1, second.y1) - max(first.y0, second.y0)
    common = max(0, across) * max(0, down)
    areas = [(box.x1 - box.x0) * (box.y1 - box.y0) for box in (first, second)]
    return common / (sum(areas) - common)


def distinct(found: Sequence[_Found], *, most: int) -> list[_Found]:
    """The best ones of which no two overlap with IoU > 0.85, at most `most`. Equal scores keep their order."""
    kept: list[_Found] = []
    for one in sorted(found, key=lambda one: -one.score):
        if len(kept) == most:
            break
        others = [other.rle for other in kept]
        if not others or float(coco_mask.iou([one.rle], others, [0] * len(others)).max()) <= SAME_MASK:
            kept.append(one)
    return kept


def as_found(mask: BoolMask, *, score: float, stability: float | None, prompt: Prompt) -> _Found | None:
    """None if the mask is under 32 x 32 pixels or over 60 % of the picture."""
    area = int(np.count_nonzero(mask))
    if not LEAST_PIXELS <= area <= LARGEST_SHARE * mask.size:
        return None
    rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    return _Found(rle=rle, score=score, stability=stability, prompt=prompt)


def _nearest(tries: NDArray[np.int64], chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The squared distance of each try to the nearest point that was chosen."""
    if not len(chosen):
        return np.ones(len(tries), dtype=np.int64)
    nearest: NDArray[np.int64] = ((tries[:, None] - chosen[None]) ** 2).sum(axis=2).min(axis=1)
    return nearest


def _components(image: PreparedImage, points: Sequence[Point], least: Filter) -> list[_Found]:
    found = []
    for point in points:
        prompt = Prompt(points=(point,))
        for candidate in image.predict(prompt):
            stability = _stability(candidate)
            if candidate.score < least.score or (stability is not None and stability < least.stability):
                continue
            found.append(as_found(candidate.mask, score=candidate.score, stability=stability, prompt=prompt))
    return [one for one in found if one is not None]


def _objects(image: PreparedImage, prompts: Sequence[tuple[Prompt, float]]) -> list[_Found]:
    found = []
    for prompt, score in prompts:
        candidate = image.predict(prompt)[0]
        found.append(as_found(candidate.mask, score=score, stability=_stability(candidate), prompt=prompt))
    return [one for one in found if one is not None]


def _stability(candidate: Candidate) -> float | None:
    return None if candidate.logits is None else stability_of(candidate.logits)


def _proposals(found: Sequence[_Found], level: Level) -> list[Proposal]:
    return [
        Proposal(
            mask=np.asarray(coco_mask.decode(one.rle), dtype=np.bool_),
            level=level,
            score=one.score,
            stability=one.stability,
            prompt=one.prompt,
        )
        for one in found
    ]


def _configured_detector() -> Callable[[Pixels], Sequence[Detection]]:
    from ml.segmentation.detector import configured  # noqa: PLC0415  (it loads torch, which components need not have)

    return configured().detect
