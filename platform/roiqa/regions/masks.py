"""Exact masks in COCO's run-length encoding, and what can be read off it without expanding it.

A mask is a list of run lengths over the pixels in column-major order (down each column, columns left to right), runs
of background and foreground in turn, background first. "Uncompressed" is that list, "compressed" is COCO's text form of
it. Holes are runs like any other and always kept. What comes from outside is checked here, run by run, before
pycocotools sees it: its C code trusts lengths, and a bad string can make it read or write beyond its buffers.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from pycocotools import mask as coco_mask

from roiqa.core.errors import Invalid

Runs = npt.NDArray[np.int64]

# Six groups of five bits hold every run of a mask below 2**29 pixels, far above any image accepted here.
_MAX_GROUPS = 6
_MAX_PIXELS = 2**29
_MAX_VERTICES = 100_000
# pycocotools keeps five points per pixel of outline, 16 bytes each: 160 MB at this length.
_MAX_OUTLINE_PX = 2_000_000


class MaskRefused(Invalid):
    """The segmentation is no mask of this image."""

    default_code = "mask_broken"


@dataclass(frozen=True)
class Mask:
    """A valid mask in canonical form: no empty run but perhaps the first, so equal masks have equal text."""

    height: int
    width: int
    counts: str
    area: int
    # Tight box [x, y, w, h] in pixels; all zero for an empty mask.
    bbox: tuple[int, int, int, int]

    @property
    def sha256(self) -> str:
        """Of the size and the canonical text: the same for the same pixels, whoever encoded them."""
        return hashlib.sha256(f"{self.height}x{self.width}:{self.counts}".encode()).hexdigest()


def mask_from_compressed(counts: str, *, height: int, width: int) -> Mask:
    """The mask that COCO's compressed text describes. Raises MaskRefused (`mask_broken`)."""
    return mask_from_runs(runs_of(counts), height=height, width=width)


def mask_from_counts(counts: Sequence[Any], *, height: int, width: int) -> Mask:
    """The mask of an uncompressed list of run lengths, as JSON gives it. Raises MaskRefused (`mask_broken`)."""
    if not all(type(count) is int for count in counts):
        raise MaskRefused("The counts hold something that is no whole number: give run lengths in pixels.")
    if any(not 0 <= count <= _MAX_PIXELS for count in counts):
        raise MaskRefused(f"The counts hold a run that is negative or longer than {_MAX_PIXELS:,} pixels.")
    return mask_from_runs(np.array(counts, dtype=np.int64), height=height, width=width)


def mask_from_array(pixels: npt.NDArray[Any]) -> Mask:
    """The mask of an array (height x width): what is not zero belongs to it."""
    height, width = pixels.shape
    counts: bytes = coco_mask.encode(np.asfortranarray(pixels != 0, dtype=np.uint8))["counts"]
    return mask_from_compressed(counts.decode("ascii"), height=height, width=width)


def mask_from_polygons(polygons: Sequence[Any], *, height: int, width: int) -> Mask:
    """The union of the polygons, each [x1, y1, x2, y2, ...] in pixels, rasterised as pycocotools does it.

    COCO's rule is the union: an inner ring does not cut a hole, it is filled already. Masks with holes travel as RLE.
    Raises MaskRefused for fewer than three points, for what is no finite number, and for points further outside the
    image than its own size (pycocotools walks every edge pixel by pixel).
    """
    if not polygons or sum(len(ring) for ring in polygons if isinstance(ring, list)) > 2 * _MAX_VERTICES:
        raise MaskRefused(f"Give one or more polygons with at most {_MAX_VERTICES:,} points together.")
    for ring in polygons:
        if not isinstance(ring, list) or len(ring) < 6 or len(ring) % 2:
            raise MaskRefused("A polygon needs x and y of at least three points: [x1, y1, x2, y2, x3, y3, ...].")
        if not all(type(value) in {int, float} for value in ring):
            raise MaskRefused("A polygon holds something that is no number.")
        far = [value for value in ring if not -max(height, width) <= value <= 2 * max(height, width)]
        if far:
            raise MaskRefused(f"A polygon has the coordinate {far[0]!r}, far outside the {width} x {height} image.")
        if _outline_px(ring) > _MAX_OUTLINE_PX:
            raise MaskRefused(f"A polygon's outline is longer than {_MAX_OUTLINE_PX:,} pixels.")
    _check_size(height, width)
    rings = coco_mask.frPyObjects([[float(value) for value in ring] for ring in polygons], height, width)
    merged = coco_mask.merge(rings)
    return mask_from_compressed(merged["counts"].decode("ascii"), height=height, width=width)


def _outline_px(ring: list[float]) -> float:
    """Length of the closed outline, each edge counted by its longer side."""
    corners = np.array(ring, dtype=np.float64).reshape(-1, 2)
    return float(np.abs(corners - np.roll(corners, 1, axis=0)).max(axis=1).sum())


def mask_from_runs(runs: Runs, *, height: int, width: int) -> Mask:
    """The mask of these run lengths (background first). Raises MaskRefused unless they fill the image exactly."""
    _check_size(height, width)
    if runs.size and (int(runs.min()) < 0 or int(runs.max()) > _MAX_PIXELS):
        raise MaskRefused("The counts hold a negative or overlong run.")
    total = int(runs.sum())
    if total != height * width:
        raise MaskRefused(
            f"The counts add up to {total:,} pixels, but the image of {width} x {height} has {height * width:,}."
        )
    clean = canonical(runs)
    foreground = clean[1::2]
    return Mask(
        height=height,
        width=width,
        counts=compressed(clean, height=height, width=width),
        area=int(foreground.sum()),
        bbox=_bbox(clean, height),
    )


def canonical(runs: Runs) -> Runs:
    """The shortest list that means the same: empty runs go, their neighbours join."""
    colour = np.arange(runs.size) % 2
    colour, lengths = colour[runs > 0], runs[runs > 0]
    if not lengths.size:
        return np.zeros(1, dtype=np.int64)
    starts = np.flatnonzero(np.concatenate(([True], colour[1:] != colour[:-1])))
    joined = np.add.reduceat(lengths, starts)
    return np.concatenate(([0], joined)) if colour[0] == 1 else joined


def runs_of(counts: str) -> Runs:
    """Run lengths of COCO's compressed text. Raises MaskRefused if it is not such a text.

    Each number is written in groups of five bits, lowest first, as characters 48 to 111: bit 5 says that another group
    follows, bit 4 of the last group is the sign. From the fourth number on it is the difference to the number two
    before. Source: the format of pycocotools' rleToString; tests compare the two.
    """
    try:
        codes = np.frombuffer(counts.encode("ascii"), dtype=np.uint8).astype(np.int64) - 48
    except UnicodeEncodeError:
        raise MaskRefused("The counts hold a character that compressed RLE does not use.") from None
    if not codes.size:
        raise MaskRefused("The counts are empty.")
    if int(codes.min()) < 0 or int(codes.max()) > 63:
        raise MaskRefused("The counts hold a character that compressed RLE does not use.")
    is_last = (codes & 0x20) == 0
    if not is_last[-1]:
        raise MaskRefused("The counts end in the middle of a number: the text was cut off.")
    ends = np.flatnonzero(is_last)
    starts = np.concatenate(([0], ends[:-1] + 1))
    groups = ends - starts + 1
    if int(groups.max()) > _MAX_GROUPS:
        raise MaskRefused("The counts hold a number beyond any image's size.")
    place = np.arange(codes.size) - np.repeat(starts, groups)
    numbers = np.add.reduceat((codes & 0x1F) << (5 * place), starts)
    numbers = np.where(codes[ends] & 0x10, numbers - (1 << (5 * groups)), numbers)
    runs = numbers.copy()
    runs[1::2] = np.cumsum(numbers[1::2])
    runs[2::2] = np.cumsum(numbers[2::2])
    return runs


def compressed(runs: Runs, *, height: int, width: int) -> str:
    """COCO's text of run lengths that are known to be valid, written by pycocotools itself."""
    encoded = coco_mask.frPyObjects({"size": [height, width], "counts": runs.tolist()}, height, width)
    text: bytes = encoded["counts"]
    return text.decode("ascii")


def _check_size(height: int, width: int) -> None:
    if height < 1 or width < 1 or height * width > _MAX_PIXELS:
        raise MaskRefused(f"A mask of {width} x {height} pixels is impossible.")


def _bbox(runs: Runs, height: int) -> tuple[int, int, int, int]:
    """Tight box of canonical runs: columns from the first to the last foreground pixel, rows over all runs."""
    ends = np.cumsum(runs)
    starts, stops = ends[0::2][: runs.size // 2], ends[1::2]
    if not starts.size:
        return 0, 0, 0, 0
    first_columns, last_columns = starts // height, (stops - 1) // height
    # A run that crosses into the next column touches the bottom row and the top row.
    crosses = last_columns > first_columns
    top = 0 if crosses.any() else int((starts % height).min())
    bottom = height - 1 if crosses.any() else int(((stops - 1) % height).max())
    left, right = int(first_columns.min()), int(last_columns.max())
    return left, top, right - left + 1, bottom - top + 1
