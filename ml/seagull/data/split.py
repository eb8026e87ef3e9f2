"""Parts of a data set by image: what is not yet divided, or a validation part out of the training images.

A photograph's place depends on (seed, source, photograph) alone, and every source gives the same share (specs 5).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from ml.seagull.data.records import ImageSample

SYNTHETIC = "synthetic"
"""The source of a synthetic set's images, whose ids are `reference:type:setting`."""


def hold_out(
    samples: Sequence[ImageSample], *, share: float, seed: int = 0, part: str = "val", of: str = "train"
) -> list[ImageSample]:
    """The samples with `share` of the photographs of the part `of` moved to `part`; of each source, rounded to the nearest.

    Where a share is asked for, a source of two photographs or more gives one at least: a small study has its curve as well.
    Raises ValueError for a share that is not between 0 and 1.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share is {share}: give a number from 0 to below 1")
    moved = _chosen(
        [sample for sample in samples if sample.split == of], share=share, seed=seed, least=1 if share else 0
    )
    return [replace(one, split=part) if one.split == of and photograph_of(one) in moved else one for one in samples]


def fraction(samples: Sequence[ImageSample], *, share: float, seed: int = 0, of: str = "train") -> list[ImageSample]:
    """The samples with only `share` of the photographs of the part `of`, and everything of the other parts.

    A smaller share of the same seed lies within a larger one. Raises ValueError for a share that is not above 0, up to 1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}: give a number above 0, up to 1 (with 0 there is nothing to train on)")
    kept = _chosen([sample for sample in samples if sample.split == of], share=share, seed=seed, purpose="fraction")
    return [one for one in samples if one.split != of or photograph_of(one) in kept]


def photograph_of(sample: ImageSample) -> str:
    """What the image shows: all distorted images of one reference of a synthetic set are of the same photograph."""
    return photograph(sample.image_id, sample.source)


def photograph(image_id: str, source: str) -> str:
    """The same, of an image's id."""
    return image_id.partition(":")[0] if source == SYNTHETIC else image_id


def drawn(samples: Sequence[ImageSample], count: int | None) -> list[ImageSample]:
    """`count` of the samples (None: all), always the same ones, in their order: the first ones may all be of one kind."""
    if count is None or count >= len(samples):
        return list(samples)
    ranked = sorted(samples, key=lambda sample: hashlib.sha256(sample.image_id.encode()).digest())
    kept = {sample.image_id for sample in ranked[:count]}
    return [sample for sample in samples if sample.image_id in kept]


def _chosen(samples: Sequence[ImageSample], *, share: float, seed: int, purpose: str = "", least: int = 0) -> set[str]:
    by_source: dict[str, set[str]] = {}
    for sample in samples:
        by_source.setdefault(sample.source, set()).add(photograph_of(sample))
    chosen: set[str] = set()
    for source, photographs in by_source.items():
        ranked = sorted(photographs, key=partial(_rank, source, f"{purpose}{seed}"))
        chosen.update(ranked[: max(round(share * len(ranked)), min(least, len(ranked) - 1))])
    return chosen


def _rank(source: str, seed: str, photograph: str) -> bytes:
    return hashlib.sha256(f"{seed}\x1f{source}\x1f{photograph}".encode()).digest()
