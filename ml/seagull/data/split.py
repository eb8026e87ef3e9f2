"""Parts of a data set by image: what is not yet divided, or a validation part out of the training images.

An image's place depends on (seed, source, image) alone, and every source gives the same share (specs 5).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from ml.seagull.data.records import ImageSample


def hold_out(
    samples: Sequence[ImageSample], *, share: float, seed: int = 0, part: str = "val", of: str = "train"
) -> list[ImageSample]:
    """The samples with `share` of the images of the part `of` moved to `part`; of each source, rounded to the nearest.

    Raises ValueError for a share that is not between 0 and 1.
    """
    if not 0 <= share < 1:
        raise ValueError(f"share is {share}: give a number from 0 to below 1")
    by_source: dict[str, list[ImageSample]] = {}
    for sample in samples:
        if sample.split == of:
            by_source.setdefault(sample.source, []).append(sample)
    moved: set[str] = set()
    for members in by_source.values():
        ranked = sorted(members, key=lambda one: _rank(one, seed))
        moved |= {one.image_id for one in ranked[: round(share * len(ranked))]}
    return [replace(one, split=part) if one.image_id in moved else one for one in samples]


def _rank(sample: ImageSample, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}\x1f{sample.source}\x1f{sample.image_id}".encode()).digest()
