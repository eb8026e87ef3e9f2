"""Training pictures: crops and scales of photographs, pasted objects, generated scenes, and the regions to ask for."""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ml.segmentation.prompts import BoolMask, Pixels
from ml.segmentation.training.photographs import Photograph

Generator = np.random.Generator
Kind = TypeVar("Kind", bound=np.generic)
# The long side of a whole picture at the model's input; scales are relative to it.
MODEL_SIZE = 256
# Regions with fewer pixels than this are not asked for.
LEAST_PIXELS = 96
# A pseudo-region covers at most this share of the canvas.
LARGEST_PSEUDO = 0.5
COPY_PASTE, SCENE, WHOLE = 0.35, 0.15, 0.75


@dataclass(frozen=True)
class Canvas:
    """`pixels` (size x size x 3, uint8), `filled` (what is not padding) and the regions to ask for (prompts x size x size).

    `drawn` is true for regions that a person drew or that were pasted, false for pseudo-regions of the tree.
    """

    pixels: Pixels
    filled: BoolMask
    masks: BoolMask
    drawn: NDArray[np.bool_]


@dataclass
class _Layers:
    """The picture while it is made; `ranks` is -1 where the tree no longer holds."""

    pixels: Pixels
    filled: BoolMask
    regions: NDArray[np.int16]
    ranks: NDArray[np.int32]


def make_canvas(photographs: list[Photograph], *, size: int, prompts: int, rng: Generator) -> Canvas:
    """One training picture of size x size pixels with `prompts` regions."""
    while True:
        base = photographs[rng.integers(len(photographs))]
        layers = _placed(base, size, rng)
        kind = rng.random()
        pastes = 0
        if kind < SCENE:
            pastes = int(rng.integers(4, 10))
        elif kind < SCENE + COPY_PASTE:
            pastes = int(rng.integers(1, 4))
        for number in range(pastes):
            _paste(layers, photographs, number=1000 + number, scene=kind < SCENE, rng=rng)
        chosen = _choose(layers, base, prompts, rng)
        if chosen is not None:
            masks, drawn = chosen
            pixels = _jittered(layers.pixels, rng)
            return Canvas(pixels=pixels, filled=layers.filled, masks=masks, drawn=drawn)


def _placed(base: Photograph, size: int, rng: Generator) -> _Layers:
    """The photograph, turned and scaled, whole in the top left corner or a part of it."""
    turn, mirror = int(rng.integers(4)) if rng.random() < 0.3 else 0, rng.random() < 0.5
    pixels, regions, ranks = (
        _turned(plane, turn=turn, mirror=mirror) for plane in (base.pixels, base.regions, base.ranks)
    )
    height, width = pixels.shape[:2]
    unit = MODEL_SIZE / max(height, width)
    if size == MODEL_SIZE and rng.random() < WHOLE:
        scale_y = scale_x = unit
    else:
        scale_y = scale_x = unit * float(np.exp(rng.uniform(np.log(0.55), np.log(1.7))))
        scale_x *= float(np.exp(rng.uniform(-0.15, 0.15)))
    # How much of the photograph fits, and where it is cut.
    out_h, out_w = min(size, round(height * scale_y)), min(size, round(width * scale_x))
    span_y, span_x = min(height, out_h / scale_y), min(width, out_w / scale_x)
    top, left = rng.uniform(0, height - span_y), rng.uniform(0, width - span_x)
    part = Image.fromarray(pixels).resize(
        (out_w, out_h), Image.Resampling.BILINEAR, box=(left, top, left + span_x, top + span_y)
    )
    rows = np.minimum((top + (np.arange(out_h) + 0.5) * span_y / out_h).astype(np.int64), height - 1)
    columns = np.minimum((left + (np.arange(out_w) + 0.5) * span_x / out_w).astype(np.int64), width - 1)
    layers = _Layers(
        pixels=np.zeros((size, size, 3), dtype=np.uint8),
        filled=np.zeros((size, size), dtype=np.bool_),
        regions=np.zeros((size, size), dtype=np.int16),
        ranks=np.full((size, size), -1, dtype=np.int32),
    )
    layers.pixels[:out_h, :out_w] = np.asarray(part)
    layers.filled[:out_h, :out_w] = True
    layers.regions[:out_h, :out_w] = regions[rows[:, None], columns]
    layers.ranks[:out_h, :out_w] = ranks[rows[:, None], columns]
    return layers


def _turned(plane: NDArray[Kind], *, turn: int, mirror: bool) -> NDArray[Kind]:
    return np.ascontiguousarray(np.rot90(plane[:, ::-1] if mirror else plane, turn))


def _paste(layers: _Layers, photographs: list[Photograph], *, number: int, scene: bool, rng: Generator) -> None:
    """Lay an object over the picture: a region that a person drew, or in a scene also a shape filled with a texture."""
    donor = photographs[rng.integers(len(photographs))]
    size = len(layers.filled)
    count = int(donor.regions.max())
    side = max(12, int(size * np.exp(rng.uniform(np.log(0.12), np.log(0.7)))))
    stretch = float(np.exp(rng.uniform(-0.4, 0.4)))
    out_h, out_w = min(size, max(8, int(side * stretch))), min(size, max(8, int(side / stretch)))
    region = donor.regions == rng.integers(1, count + 1) if count else np.zeros((1, 1), dtype=np.bool_)
    if (scene and rng.random() < 0.4) or not region.any():
        shape = _wavy_shape(out_h, out_w, rng)
        box = _quarter(donor, rng)
    else:
        rows, columns = np.flatnonzero(region.any(axis=1)), np.flatnonzero(region.any(axis=0))
        box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
        if not scene:
            # The object keeps its own proportions and about its own size.
            factor = MODEL_SIZE / max(donor.regions.shape) * float(np.exp(rng.uniform(-0.6, 0.4)))
            out_h = min(size, max(8, round((box[3] - box[1]) * factor)))
            out_w = min(size, max(8, round((box[2] - box[0]) * factor)))
        alpha = Image.fromarray(region.astype(np.uint8) * 255).resize(
            (out_w, out_h), Image.Resampling.BILINEAR, box=box
        )
        shape = np.asarray(alpha, dtype=np.float32) / np.float32(255)
        if scene and rng.random() < 0.5:
            # The shape of one thing, the looks of another.
            donor = photographs[rng.integers(len(photographs))]
            box = _quarter(donor, rng)
    fill = np.asarray(Image.fromarray(donor.pixels).resize((out_w, out_h), Image.Resampling.BILINEAR, box=box))
    if scene:
        fill = _jittered(fill, rng)
    if rng.random() < 0.5:
        shape, fill = shape[:, ::-1], fill[:, ::-1]
    y = int(rng.integers(-out_h // 3, size - out_h // 2))
    x = int(rng.integers(-out_w // 3, size - out_w // 2))
    into = (slice(max(0, y), min(size, y + out_h)), slice(max(0, x), min(size, x + out_w)))
    of = (slice(into[0].start - y, into[0].stop - y), slice(into[1].start - x, into[1].stop - x))
    weight = shape[of][..., None]
    layers.pixels[into] = (layers.pixels[into] * (1 - weight) + fill[of] * weight + 0.5).astype(np.uint8)
    covered = shape[of] >= 0.5
    layers.regions[into][covered] = number
    layers.ranks[into][covered] = -1
    layers.filled[into] |= shape[of] > 0


def _quarter(donor: Photograph, rng: Generator) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of a random quarter of a photograph."""
    height, width = donor.regions.shape
    top, left = int(rng.integers(0, height // 2)), int(rng.integers(0, width // 2))
    return left, top, left + width // 2, top + height // 2


def _wavy_shape(height: int, width: int, rng: Generator) -> NDArray[np.float32]:
    y = (np.arange(height, dtype=np.float32)[:, None] + 0.5) / height * 2 - 1
    x = (np.arange(width, dtype=np.float32) + 0.5) / width * 2 - 1
    angle, radius = np.arctan2(y, x), np.hypot(x, y)
    rim = np.full_like(angle, 0.8)
    for wave in range(2, 7):
        rim += rng.normal(0, 0.25 / wave) * np.cos(wave * angle + rng.uniform(0, 2 * np.pi))
    return np.clip((rim - radius) * max(height, width) / 2 + 0.5, 0, 1).astype(np.float32)


def _choose(
    layers: _Layers, base: Photograph, prompts: int, rng: Generator
) -> tuple[BoolMask, NDArray[np.bool_]] | None:
    """The regions to ask for; None if there is nothing to ask for."""
    numbers, counts = np.unique(layers.regions, return_counts=True)
    large = numbers[(numbers > 0) & (counts >= LEAST_PIXELS)]
    masks: list[BoolMask] = []
    wanted = min(len(large) * 2, round(prompts * 0.7))
    order = np.concatenate([rng.permutation(large), rng.permutation(large)])[:wanted]
    masks.extend(layers.regions == number for number in order)
    drawn = len(masks)
    known = np.flatnonzero(layers.ranks.ravel() >= 0)
    for _ in range(4 * prompts):
        if len(masks) == prompts or not len(known):
            break
        mask = _pseudo_region(layers, base, int(known[rng.integers(len(known))]), rng)
        if mask is not None:
            masks.append(mask)
    if not masks:
        return None
    if len(masks) < prompts:
        again = rng.integers(len(masks), size=prompts - len(masks))
        kinds = np.concatenate([np.arange(len(masks)) < drawn, again < drawn])
        masks = [*masks, *(masks[number] for number in again)]
    else:
        kinds = np.arange(prompts) < drawn
    mixed = rng.permutation(prompts)
    return np.stack(masks)[mixed], kinds[mixed]


def _pseudo_region(layers: _Layers, base: Photograph, pixel: int, rng: Generator) -> BoolMask | None:
    """A node of the tree over a pixel of the canvas, those preferred that people would mean."""
    ranks = layers.ranks
    path = np.array(base.path(int(ranks.ravel()[pixel])))
    weight = np.maximum(base.preference[path], 0.02) ** 2
    for _ in range(3):
        node = int(rng.choice(path, p=weight / weight.sum()))
        mask: BoolMask = (ranks >= base.first[node]) & (ranks < base.last[node])
        if LEAST_PIXELS <= np.count_nonzero(mask) <= LARGEST_PSEUDO * ranks.size:
            return mask
    return None


def _jittered(pixels: Pixels, rng: Generator) -> Pixels:
    """Other light, other colours, sometimes grey, sometimes noise."""
    values = pixels.astype(np.float32) / 255
    if rng.random() < 0.8:
        mix = np.eye(3) + rng.normal(0, 0.08, size=(3, 3))
        grey = np.full((3, 3), 1 / 3)
        saturation = rng.uniform(0, 1.5) if rng.random() < 0.5 else 1.0
        mix = (saturation * np.eye(3) + (1 - saturation) * grey) @ mix
        if rng.random() < 0.1:
            mix = mix[rng.permutation(3)]
        values = values @ mix.T.astype(np.float32)
        values = (values - 0.5) * np.float32(np.exp(rng.normal(0, 0.25))) + np.float32(0.5 + rng.normal(0, 0.08))
        values = np.clip(values, 0, 1) ** np.float32(np.exp(rng.normal(0, 0.2)))
    if rng.random() < 0.15:
        values = values + rng.normal(0, rng.uniform(0.01, 0.06), size=values.shape).astype(np.float32)
    return (np.clip(values, 0, 1) * 255 + 0.5).astype(np.uint8)
