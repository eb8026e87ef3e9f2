"""Masks equal pycocotools bit for bit; what is no mask is refused before C code sees it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pycocotools import mask as coco_mask

from roiqa.regions.masks import (
    Mask,
    MaskRefused,
    canonical,
    mask_from_compressed,
    mask_from_counts,
    mask_from_polygons,
    mask_from_runs,
    runs_of,
)

SIDES = st.integers(1, 40)


@st.composite
def bitmaps(draw: st.DrawFn) -> np.ndarray:
    """Noise of any density: holes, islands, full, empty; sides from 1 pixel."""
    height, width = draw(SIDES), draw(SIDES)
    density = draw(st.sampled_from([0, 30, 128, 220, 255]))
    noise = draw(arrays(np.uint8, (height, width), elements=st.integers(0, 254)))
    return np.asfortranarray((noise < density).astype(np.uint8))


def coco_of(bitmap: np.ndarray) -> dict[str, Any]:
    return coco_mask.encode(np.asfortranarray(bitmap))


def plain_runs(bitmap: np.ndarray) -> list[int]:
    """Run lengths by the definition, pixel by pixel."""
    runs, value, length = [], 0, 0
    for pixel in bitmap.ravel(order="F"):
        if pixel != value:
            runs.append(length)
            value, length = pixel, 0
        length += 1
    return [*runs, length]


def of_bitmap(bitmap: np.ndarray) -> Mask:
    height, width = bitmap.shape
    return mask_from_compressed(coco_of(bitmap)["counts"].decode(), height=height, width=width)


@settings(deadline=None)
@given(bitmaps())
def test_reading_compressed_text_gives_the_runs(bitmap: np.ndarray) -> None:
    assert runs_of(coco_of(bitmap)["counts"].decode()).tolist() == plain_runs(bitmap)


@settings(deadline=None)
@given(bitmaps())
def test_text_area_and_box_are_those_of_pycocotools(bitmap: np.ndarray) -> None:
    encoded = coco_of(bitmap)
    mask = of_bitmap(bitmap)
    assert mask.counts == encoded["counts"].decode()
    assert mask.area == int(coco_mask.area(encoded)) == int(bitmap.sum())
    rows, columns = np.nonzero(bitmap)
    tight = (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1) if rows.size else (0, 0, 0, 0)
    assert mask.bbox == tight


@settings(deadline=None)
@given(bitmaps())
def test_the_uncompressed_list_means_the_same(bitmap: np.ndarray) -> None:
    height, width = bitmap.shape
    assert mask_from_counts(plain_runs(bitmap), height=height, width=width) == of_bitmap(bitmap)


@settings(deadline=None)
@given(bitmaps())
def test_what_pycocotools_decodes_from_our_text_is_the_same_bitmap(bitmap: np.ndarray) -> None:
    mask = of_bitmap(bitmap)
    decoded = coco_mask.decode({"size": [mask.height, mask.width], "counts": mask.counts.encode()})
    assert np.array_equal(decoded, bitmap)


@settings(deadline=None)
@given(bitmaps(), st.data())
def test_the_same_pixels_have_one_hash_however_they_were_encoded(bitmap: np.ndarray, data: st.DataObject) -> None:
    height, width = bitmap.shape
    runs = plain_runs(bitmap)
    at = data.draw(st.integers(0, len(runs) - 1))
    cut = data.draw(st.integers(0, runs[at]))
    clumsy = [*runs[:at], cut, 0, runs[at] - cut, *runs[at + 1 :]]
    assert mask_from_counts(clumsy, height=height, width=width).sha256 == of_bitmap(bitmap).sha256


def test_the_hash_differs_for_another_size_of_the_same_runs() -> None:
    wide = mask_from_counts([10, 20, 70], height=5, width=20)
    high = mask_from_counts([10, 20, 70], height=20, width=5)
    assert wide.counts == high.counts
    assert wide.sha256 != high.sha256


def test_holes_survive() -> None:
    ring = np.ones((50, 60), dtype=np.uint8)
    ring[20:30, 20:40] = 0
    assert of_bitmap(ring).area == 50 * 60 - 10 * 20
    assert of_bitmap(ring).bbox == (0, 0, 60, 50)


def test_an_empty_list_of_runs_is_the_empty_mask_only_of_no_pixels() -> None:
    assert canonical(np.array([], dtype=np.int64)).tolist() == [0]
    with pytest.raises(MaskRefused, match="add up to 0 pixels"):
        mask_from_counts([], height=3, width=3)


@settings(deadline=None)
@given(
    SIDES,
    SIDES,
    st.lists(
        st.lists(st.tuples(st.integers(-60, 100), st.integers(-60, 100)), min_size=3, max_size=8),
        min_size=1,
        max_size=3,
    ),
    st.sampled_from([1, 2, 4]),
)
def test_polygons_are_rasterised_as_pycocotools_does_it(
    height: int, width: int, rings: list[list[tuple[int, int]]], parts: int
) -> None:
    limit = max(height, width)
    flat = [[float(np.clip(value / parts, -limit, 2 * limit)) for point in ring for value in point] for ring in rings]
    expected = coco_mask.merge(coco_mask.frPyObjects(flat, height, width))
    mask = mask_from_polygons(flat, height=height, width=width)
    assert np.array_equal(
        coco_mask.decode({"size": [height, width], "counts": mask.counts.encode()}), coco_mask.decode(expected)
    )


def test_an_inner_polygon_cuts_no_hole() -> None:
    outer, inner = [0, 0, 40, 0, 40, 40, 0, 40], [10, 10, 30, 10, 30, 30, 10, 30]
    assert mask_from_polygons([outer, inner], height=40, width=40).area == 1600


@pytest.mark.parametrize(
    ("counts", "reason"),
    [
        ("", "empty"),
        ("caf\u00e9", "character"),
        ("\x00", "character"),
        ("zzz", "character"),
        ("P", "middle of a number"),
        ("PPPPPPPPPP0", "beyond any image"),
        ("O", "negative"),
        ("1", "add up to 1 pixels"),
        ("4444", "add up to 20 pixels"),
    ],
)
def test_text_that_is_no_mask_is_refused_with_the_reason(counts: str, reason: str) -> None:
    with pytest.raises(MaskRefused, match=reason):
        mask_from_compressed(counts, height=3, width=3)


@pytest.mark.parametrize(
    "counts",
    [[-1, 10], [9.0], ["9"], [None], [True, 8], [2**70], [2**40, -(2**40) + 9], [4, 4], [float("nan")], [[9]]],
)
def test_lists_that_are_no_mask_are_refused(counts: list[Any]) -> None:
    with pytest.raises(MaskRefused):
        mask_from_counts(counts, height=3, width=3)


@pytest.mark.parametrize(
    "polygons",
    [
        [],
        [[]],
        [[1, 1, 2, 2]],
        [[1, 1, 2, 2, 3]],
        [[1, 1, 2, 2, 3, "3"]],
        [[1, 1, 2, 2, 3, float("nan")]],
        [[1, 1, 2, 2, 3, float("inf")]],
        [[1, 1, 2, 2, 3, 1e9]],
        [[1, 1, 2, 2, 3, 10**400]],
        [[1, 1, 2, 2, 3, True]],
        [{"x": 1}],
        ["abcdef"],
        [[0, 0, 30, 30, 0, 30] * 40_000],
    ],
)
def test_polygons_that_are_none_are_refused(polygons: list[Any]) -> None:
    with pytest.raises(MaskRefused):
        mask_from_polygons(polygons, height=30, width=30)


def test_an_outline_of_absurd_length_is_refused() -> None:
    zigzag = [value for n in range(2_000) for value in (0 if n % 2 else 4_000, n)]
    with pytest.raises(MaskRefused, match="outline"):
        mask_from_polygons([zigzag], height=4_000, width=4_000)


@pytest.mark.parametrize(("height", "width"), [(0, 10), (10, 0), (-3, -3), (2**20, 2**20)])
def test_impossible_sizes_are_refused(height: int, width: int) -> None:
    with pytest.raises(MaskRefused, match="impossible"):
        mask_from_runs(np.array([9]), height=height, width=width)


@settings(max_examples=500, deadline=None)
@given(st.text(st.characters(min_codepoint=40, max_codepoint=120), max_size=60), st.integers(1, 6), st.integers(1, 6))
def test_any_text_is_a_mask_of_that_size_or_refused(text: str, height: int, width: int) -> None:
    try:
        mask = mask_from_compressed(text, height=height, width=width)
    except MaskRefused:
        return
    decoded = coco_mask.decode({"size": [height, width], "counts": mask.counts.encode()})
    assert int(decoded.sum()) == mask.area


@settings(max_examples=300, deadline=None)
@given(bitmaps(), st.data())
def test_damaged_text_is_a_mask_of_that_size_or_refused(bitmap: np.ndarray, data: st.DataObject) -> None:
    height, width = bitmap.shape
    text = list(coco_of(bitmap)["counts"].decode())
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = chr(data.draw(st.integers(48, 111)))
    try:
        mask = mask_from_compressed("".join(text), height=height, width=width)
    except MaskRefused:
        return
    assert 0 <= mask.area <= height * width


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
        max_leaves=12,
    )
)
def test_any_json_is_a_mask_or_refused(anything: Any) -> None:
    for read in (mask_from_counts, mask_from_polygons):
        try:
            read(anything if isinstance(anything, list) else [anything], height=8, width=8)
        except MaskRefused:
            continue
