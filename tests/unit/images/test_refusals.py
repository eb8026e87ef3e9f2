"""Files that are refused, each with its reason."""

import io
import zipfile

import numpy as np
import pytest
from PIL import Image

from roiqa.images import decoding
from roiqa.images.decoding import decode_image, largest_file
from roiqa.images.formats import ImageRefused
from tests.unit.images.pictures import (
    encoded,
    jpeg,
    photo,
    png_header_only,
    srgb_profile,
    webp_header_only,
)

MAX_PIXELS = 1_000_000


def refusal(data: bytes, name: str, *, max_pixels: int = MAX_PIXELS) -> ImageRefused:
    with pytest.raises(ImageRefused) as caught:
        decode_image(data, file_name=name, max_pixels=max_pixels)
    assert caught.value.detail
    return caught.value


@pytest.mark.parametrize(
    ("form", "name", "options"),
    [
        ("JPEG", "a.jpg", {"quality": 92}),
        ("JPEG", "a.jpg", {"quality": 92, "progressive": True}),
        ("PNG", "a.png", {}),
        ("WEBP", "a.webp", {}),
        ("TIFF", "a.tif", {}),
        ("TIFF", "a.tif", {"compression": "tiff_lzw"}),
    ],
)
@pytest.mark.parametrize("kept", [0.3, 0.6, 0.95])
def test_a_truncated_file_is_refused(form: str, name: str, options: dict, kept: float) -> None:
    whole = encoded(photo(200, 160), form, **options)
    assert refusal(whole[: int(len(whole) * kept)], name).code == "image_broken"


@pytest.mark.parametrize("missing", [2, 13, 40])
def test_a_png_cut_after_its_pixels_is_refused(missing: int) -> None:
    assert refusal(encoded(photo(), "PNG")[:-missing], "a.png").code == "image_broken"


def test_a_jpeg_without_its_last_two_bytes_is_refused() -> None:
    assert refusal(jpeg()[:-2], "a.jpg").code == "image_broken"


def test_a_flipped_byte_in_a_png_is_found() -> None:
    data = bytearray(encoded(photo(), "PNG"))
    data[len(data) // 2] ^= 0xFF
    assert refusal(bytes(data), "a.png").code == "image_broken"


@pytest.mark.parametrize(
    ("form", "name"), [("PNG", "holiday.jpg"), ("JPEG", "holiday.png"), ("WEBP", "a.tif"), ("JPEG", "page.html")]
)
def test_a_name_that_contradicts_the_content_is_refused(form: str, name: str) -> None:
    refused = refusal(encoded(photo(), form), name)
    assert refused.code == "image_wrong_extension"
    assert form in refused.detail


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"GIF89a" + bytes(40),
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"<!doctype html><script>alert(1)</script>",
        b"%PDF-1.7",
        b"BM" + bytes(60),
        b"\x00\x00\x00\x18ftypheic",
    ],
)
def test_what_is_no_image_of_a_known_kind_is_refused(data: bytes) -> None:
    assert refusal(data, "a.jpg").code == "not_an_image"


def test_an_empty_file_is_refused() -> None:
    assert refusal(b"", "a.jpg").code == "image_empty"


@pytest.mark.parametrize("data", [b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x00\x00\x00\x00WEBP", b"II*\x00"])
def test_a_file_of_a_magic_number_alone_is_refused(data: bytes) -> None:
    assert refusal(data, "a").code == "image_broken"


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (png_header_only(40_000, 40_000), "a.png"),
        (webp_header_only(16_000, 16_000), "a.webp"),
        (encoded(Image.new("1", (2_000, 1_000)), "TIFF", compression="group4"), "a.tif"),
        (jpeg(1_500, 1_000), "a.jpg"),
    ],
)
def test_a_picture_with_too_many_pixels_is_refused_before_any_is_decoded(
    data: bytes, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def decoded(*arguments: object) -> None:
        raise AssertionError("pixels were decoded")

    monkeypatch.setattr(decoding, "_eight_bit_pixels", decoded)
    refused = refusal(data, name)
    assert refused.code == "image_too_large"
    assert "1,000,000" in refused.detail


def test_a_file_far_larger_than_its_pixels_can_be_is_refused() -> None:
    data = jpeg() + bytes(largest_file(10_000))
    assert refusal(data, "a.jpg", max_pixels=10_000).code == "image_too_large"


@pytest.mark.parametrize(("form", "name"), [("PNG", "a.png"), ("WEBP", "a.webp"), ("TIFF", "a.tif")])
def test_animations_and_pages_are_refused(form: str, name: str) -> None:
    data = encoded(photo(seed=1), form, save_all=True, append_images=[photo(seed=2), photo(seed=3)])
    refused = refusal(data, name)
    assert refused.code == "image_animated"
    assert "3 frames" in refused.detail


@pytest.mark.parametrize(("form", "name"), [("PNG", "a.png"), ("TIFF", "a.tif")])
def test_sixteen_bits_are_refused(form: str, name: str) -> None:
    deep = Image.fromarray(np.arange(96 * 64, dtype=np.uint16).reshape(64, 96))
    refused = refusal(encoded(deep, form), name)
    assert refused.code == "image_bit_depth"
    assert "16 bits" in refused.detail


def test_sixteen_bit_colour_is_refused_although_pillow_would_cut_it() -> None:
    data = bytearray(encoded(photo(4, 4), "PNG"))
    data[24] = 16
    assert refusal(bytes(data), "a.png").code in {"image_bit_depth", "image_broken"}


def test_floating_point_pixels_are_refused() -> None:
    assert refusal(encoded(photo().convert("F"), "TIFF"), "a.tif").code == "image_bit_depth"


@pytest.mark.parametrize(("form", "name"), [("JPEG", "a.jpg"), ("TIFF", "a.tif")])
def test_cmyk_is_refused(form: str, name: str) -> None:
    refused = refusal(encoded(photo().convert("CMYK"), form), name)
    assert refused.code == "image_colour_mode"
    assert "CMYK" in refused.detail


def test_lab_is_refused() -> None:
    assert refusal(encoded(Image.new("LAB", (40, 40)), "TIFF"), "a.tif").code == "image_colour_mode"


@pytest.mark.parametrize(("form", "name"), [("PNG", "a.png"), ("WEBP", "a.webp"), ("TIFF", "a.tif")])
def test_transparent_pixels_are_refused(form: str, name: str) -> None:
    picture = photo().convert("RGBA")
    picture.putpixel((3, 4), (1, 2, 3, 254))
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    assert refusal(encoded(picture, form, **options), name).code == "image_transparent"


def test_a_transparent_palette_colour_is_refused() -> None:
    indexed = photo().quantize(8)
    assert refusal(encoded(indexed, "PNG", transparency=0), "a.png").code == "image_transparent"


def test_a_polyglot_is_shown_without_its_other_half() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("evil.html", "<script>alert('polyglot')</script>")
    both = jpeg(icc_profile=srgb_profile()) + b"<script>alert('polyglot')</script>" + archive.getvalue()
    decoded = decode_image(both, file_name="a.jpg", max_pixels=MAX_PIXELS)
    assert b"<script>" not in decoded.display_png + decoded.thumbnail_webp
    assert not zipfile.is_zipfile(io.BytesIO(decoded.display_png))
