"""The one interface of every backend that turns prompts into masks.

Coordinates are pixels of the upright image: x to the right, y down, the centre of the top left pixel is (0, 0).
"""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
BoolMask = NDArray[np.bool_]
Logits = NDArray[np.float32]


@dataclass(frozen=True)
class Point:
    """A click: `positive` belongs to the region, otherwise it does not."""

    x: int
    y: int
    positive: bool = True


@dataclass(frozen=True)
class Box:
    """Half-open: pixels with x0 <= x < x1 and y0 <= y < y1."""

    x0: int
    y0: int
    x1: int
    y1: int


@dataclass(frozen=True)
class Prompt:
    """Points in the order in which they were clicked, a box, or both. At least one of them.

    `previous`: the `logits` of the candidate that these prompts correct, for backends that gave some.
    """

    points: tuple[Point, ...] = ()
    box: Box | None = None
    previous: Logits | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.points and self.box is None:
            raise ValueError("A prompt needs a point or a box.")


@dataclass(frozen=True)
class Candidate:
    """A mask (height x width) and how much the backend believes in it, 0 to 1.

    `logits` is the mask as the backend takes it back in `Prompt.previous`; None if it does not.
    """

    mask: BoolMask
    score: float
    logits: Logits | None = field(default=None, compare=False, repr=False)


class PreparedImage(Protocol):
    """One image after the slow part."""

    def predict(self, prompt: Prompt) -> list[Candidate]:
        """Candidates, the backend's own choice first: up to three for a single click, one for anything else."""


class Backend(Protocol):
    """Named for what it is; `version` changes whenever the same prompt may give another mask."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def prepare(self, pixels: Pixels) -> PreparedImage:
        """Do the slow part once. `pixels` is height x width x 3, sRGB."""
