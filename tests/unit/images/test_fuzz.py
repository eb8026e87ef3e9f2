"""Damaged files: refused or decoded, but never anything else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from roiqa.images.decoding import decode_image
from roiqa.images.formats import ImageRefused
from tests.unit.images.pictures import encoded, photo

GOOD = {
    "a.jpg": encoded(photo(40, 30), "JPEG"),
    "a.png": encoded(photo(40, 30), "PNG"),
    "a.webp": encoded(photo(40, 30), "WEBP"),
    "a.tif": encoded(photo(40, 30), "TIFF", compression="tiff_lzw"),
}


@pytest.mark.parametrize("name", sorted(GOOD))
@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_damage_never_ends_in_anything_but_a_picture_or_a_refusal(name: str, data: st.DataObject) -> None:
    damaged = bytearray(GOOD[name])
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        decoded = decode_image(bytes(damaged), file_name="a", max_pixels=100_000)
    except ImageRefused:
        return
    assert decoded.width * decoded.height <= 100_000
