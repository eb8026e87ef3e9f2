"""An image, its ROIs and their labels, wherever they were read from."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from ml.seagull.language.levels import DISTORTIONS, LEVEL_COUNT, level_of

Pixels = npt.NDArray[np.uint8]
BoolMask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ROILabels:
    """What is known of an ROI; None where it is not.

    Means are on 0..4, levels 0..4 (0: bad, unimportant, extreme). A level that is not given follows from its mean.
    """

    quality: float | None = None
    quality_level: int | None = None
    importance: float | None = None
    importance_level: int | None = None
    distortions: Mapping[str, int | None] | None = None
    """Severity level of each distortion that is present (None: severity unknown); empty: clean; None: not labelled."""
    votes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Votes per level of quality and importance, where people voted: what a panel's own ceiling is made of."""

    def __post_init__(self) -> None:
        for scale in ("quality", "importance"):
            mean, level = getattr(self, scale), getattr(self, f"{scale}_level")
            if mean is not None and not 0 <= mean <= LEVEL_COUNT - 1:
                raise ValueError(f"{scale} is {mean}: a mean lies between 0 and {LEVEL_COUNT - 1}")
            if level is None and mean is not None:
                object.__setattr__(self, f"{scale}_level", level_of(mean))
            _check_level(f"{scale}_level", level)
        for scale, counts in self.votes.items():
            if len(counts) != LEVEL_COUNT or min(counts) < 0:
                raise ValueError(f"votes of {scale} are {list(counts)}: they are {LEVEL_COUNT} counts")
        for name, level in (self.distortions or {}).items():
            if name not in DISTORTIONS:
                raise ValueError(f"distortions name {name!r}: the six are {', '.join(DISTORTIONS)}")
            _check_level(f"the severity of {name}", level)

    @property
    def clean(self) -> bool:
        """Labelled, and without any distortion."""
        return self.distortions is not None and not self.distortions


def _check_level(what: str, level: int | None) -> None:
    if level is not None and not 0 <= level < LEVEL_COUNT:
        raise ValueError(f"{what} is {level}: a level is one of 0..{LEVEL_COUNT - 1}")


@dataclass(frozen=True, slots=True)
class RLE:
    """A mask in COCO's compressed form: 33,000 of them fit where thirty decoded ones do."""

    height: int
    width: int
    counts: str

    @classmethod
    def of(cls, mask: npt.ArrayLike) -> Self:
        """Of a boolean H x W mask."""
        array = np.asfortranarray(np.asarray(mask, dtype=np.uint8))
        encoded: Any = coco_mask.encode(array)
        return cls(height=array.shape[0], width=array.shape[1], counts=encoded["counts"].decode("ascii"))

    def decode(self) -> BoolMask:
        encoded = {"size": [self.height, self.width], "counts": self.counts.encode("ascii")}
        return np.asarray(coco_mask.decode(encoded), dtype=np.bool_)


@dataclass(frozen=True, slots=True)
class ROISample:
    """One region of an image. `level` is object or component, where it is known."""

    roi_id: str
    rle: RLE
    labels: ROILabels = field(default_factory=ROILabels)
    level: str | None = None

    @classmethod
    def of(
        cls, roi_id: str, mask: npt.ArrayLike, labels: ROILabels | None = None, *, level: str | None = None
    ) -> "ROISample":
        """Of a boolean H x W mask."""
        return cls(roi_id=roi_id, rle=RLE.of(mask), labels=labels or ROILabels(), level=level)

    @property
    def mask(self) -> BoolMask:
        """H x W, decoded at each call."""
        return self.rle.decode()


@dataclass(frozen=True, slots=True)
class ImageSample:
    """An image with its ROIs. `load()` reads the pixels, upright RGB, uint8 H x W x 3."""

    image_id: str
    """The sha256 of the imported file where it is known, else any name that never changes."""
    split: str
    """train, val or test."""
    load: Callable[[], Pixels]
    rois: tuple[ROISample, ...]
    source: str = ""
    """The data set it came from, where one is named."""
