"""What becomes of a good file: exact pixels, upright, nothing else but the colour profile."""

import hashlib
import io

import numpy as np
import pytest
from PIL import Image, ImageOps, PngImagePlugin

from roiqa.images.colour import png_chunks
from roiqa.images.decoding import DecodedImage, decode_image
from tests.unit.images.pictures import encoded, exif, jpeg, photo, pixels_of, srgb_profile

MAX_PIXELS = 1_000_000


def decode(data: bytes, name: str) -> DecodedImage:
    return decode_image(data, file_name=name, max_pixels=MAX_PIXELS)


@pytest.mark.parametrize(
    ("form", "name", "options"),
    [
        ("JPEG", "a.jpg", {}),
        ("JPEG", "a.JPEG", {"progressive": True}),
        ("PNG", "a.png", {}),
        ("WEBP", "a.webp", {"lossless": True}),
        ("WEBP", "a.webp", {}),
        ("TIFF", "a.tif", {}),
        ("TIFF", "a.tiff", {"compression": "tiff_lzw"}),
        ("TIFF", "a.tiff", {"compression": "jpeg"}),
    ],
)
def test_the_display_copy_has_exactly_the_decoded_pixels(form: str, name: str, options: dict) -> None:
    data = encoded(photo(), form, **options)
    decoded = decode(data, name)
    assert (decoded.format, decoded.width, decoded.height, decoded.byte_size) == (form, 96, 64, len(data))
    assert decoded.sha256 == hashlib.sha256(data).hexdigest()
    assert np.array_equal(pixels_of(decoded.display_png), np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


def test_a_name_without_extension_says_nothing_against_the_content() -> None:
    assert decode(jpeg(), "IMG_0001").format == "JPEG"


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize(("form", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp"), ("TIFF", "a.tif")])
def test_the_exif_orientation_is_applied(form: str, name: str, orientation: int) -> None:
    lying = photo(96, 64)
    data = encoded(lying, form, exif=exif(orientation=orientation), **({"lossless": True} if form == "WEBP" else {}))
    decoded = decode(data, name)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert (decoded.width, decoded.height) == upright.size == ((96, 64) if orientation < 5 else (64, 96))
    assert np.array_equal(pixels_of(decoded.display_png), np.asarray(upright.convert("RGB")))


def test_a_turned_picture_shows_the_right_corner_on_top() -> None:
    picture = Image.new("RGB", (40, 20), "white")
    picture.paste("red", (0, 0, 10, 10))
    # 6: the camera was turned, the picture must be rotated clockwise; top left goes to top right.
    decoded = decode(encoded(picture, "PNG", exif=exif(orientation=6)), "a.png")
    shown = pixels_of(decoded.display_png)
    assert shown.shape == (40, 20, 3)
    assert tuple(shown[0, 19]) == (255, 0, 0)
    assert tuple(shown[0, 0]) == (255, 255, 255)


@pytest.mark.parametrize(("form", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp"), ("TIFF", "a.tif")])
def test_positions_and_camera_names_do_not_reach_annotators(form: str, name: str) -> None:
    data = encoded(photo(), form, exif=exif(with_position=True))
    assert b"Secret Camera Maker" in data
    decoded = decode(data, name)
    for copy in (decoded.display_png, decoded.thumbnail_webp):
        assert b"Secret" not in copy
        shown = Image.open(io.BytesIO(copy))
        assert not shown.getexif()
        assert "exif" not in shown.info


def test_text_and_comments_are_dropped() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Jane Doe")
    png = decode(encoded(photo(), "PNG", pnginfo=notes, dpi=(300, 300)), "a.png").display_png
    assert {kind for kind, _ in png_chunks(png)} == {b"IHDR", b"IDAT", b"IEND"}
    assert b"Jane Doe" not in decode(jpeg(comment=b"Jane Doe"), "a.jpg").display_png


def test_the_colour_profile_is_kept() -> None:
    profile = srgb_profile()
    decoded = decode(jpeg(icc_profile=profile), "a.jpg")
    assert Image.open(io.BytesIO(decoded.display_png)).info["icc_profile"] == profile
    assert Image.open(io.BytesIO(decoded.thumbnail_webp)).info["icc_profile"] == profile


def test_something_that_is_no_profile_is_dropped() -> None:
    assert b"iCCP" not in decode(jpeg(icc_profile=b"not a profile " * 20), "a.jpg").display_png


def test_grey_pixels_with_an_rgb_profile_become_rgb_because_a_png_must_not_mix_them() -> None:
    grey = photo().convert("L")
    decoded = decode(encoded(grey, "JPEG", icc_profile=srgb_profile()), "a.jpg")
    shown = Image.open(io.BytesIO(decoded.display_png))
    assert shown.mode == "RGB"
    assert "icc_profile" in shown.info


def test_the_gamma_of_a_png_without_profile_is_kept() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add(b"gAMA", (100_000).to_bytes(4, "big"))
    shown = decode(encoded(photo(), "PNG", pnginfo=notes), "a.png").display_png
    assert dict(png_chunks(shown))[b"gAMA"] == (100_000).to_bytes(4, "big")


def test_grey_pictures_stay_grey() -> None:
    grey = photo().convert("L")
    shown = pixels_of(decode(encoded(grey, "PNG"), "a.png").display_png)
    assert np.array_equal(shown, np.asarray(grey))


def test_black_and_white_pictures_become_grey() -> None:
    bilevel = photo().convert("1")
    shown = pixels_of(decode(encoded(bilevel, "PNG"), "a.png").display_png)
    assert np.array_equal(shown, np.asarray(bilevel.convert("L")))


def test_a_palette_is_looked_up() -> None:
    indexed = photo().quantize(17)
    shown = pixels_of(decode(encoded(indexed, "PNG"), "a.png").display_png)
    assert np.array_equal(shown, np.asarray(indexed.convert("RGB")))


@pytest.mark.parametrize(("form", "name"), [("PNG", "a.png"), ("WEBP", "a.webp"), ("TIFF", "a.tif")])
def test_an_alpha_channel_that_hides_nothing_is_dropped(form: str, name: str) -> None:
    opaque = photo().convert("RGBA")
    options = {"lossless": True} if form == "WEBP" else {}
    shown = pixels_of(decode(encoded(opaque, form, **options), name).display_png)
    assert np.array_equal(shown, np.asarray(photo()))


def test_of_a_jpeg_with_several_pictures_the_first_is_taken() -> None:
    data = encoded(photo(seed=1), "MPO", save_all=True, append_images=[photo(seed=2)])
    shown = pixels_of(decode(data, "a.jpg").display_png)
    assert np.array_equal(shown, np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_an_unreadable_exif_block_is_no_orientation() -> None:
    decoded = decode(jpeg(exif=b"Exif\x00\x00MM\x00*\x00\x00\xff\xff garbage"), "a.jpg")
    assert (decoded.width, decoded.height) == (96, 64)


@pytest.mark.parametrize(
    ("size", "expected"), [((960, 480), (320, 160)), ((200, 800), (80, 320)), ((96, 64), (96, 64))]
)
def test_the_thumbnail_fits_320_pixels_and_is_never_enlarged(size: tuple[int, int], expected: tuple[int, int]) -> None:
    thumbnail = Image.open(io.BytesIO(decode(jpeg(*size), "a.jpg").thumbnail_webp))
    assert (thumbnail.format, thumbnail.size) == ("WEBP", expected)


def test_decoding_twice_gives_the_same_bytes() -> None:
    assert decode(jpeg(), "a.jpg") == decode(jpeg(), "a.jpg")
