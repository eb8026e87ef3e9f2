"""The picture of a gold: the source's with one region distorted, in nothing else to be told from an imported one.

It is made from the copy that annotators get of the source, keeps that copy's meaning of colours, and goes the way of every
imported file. It is always of the test split: test ROIs never meet a model's suggestions, so that a form without one does
not give a gold away. (The split follows from the bytes; a comment in the original, which only staff can have, is changed
until it comes out so.)
"""

import io
import secrets
from pathlib import PurePosixPath

import numpy as np
from django.conf import settings
from PIL import Image as Picture
from PIL import PngImagePlugin

from roiqa.images.colour import png_colour_chunks
from roiqa.images.decoding import DecodedImage, decode_image, sha256_of
from roiqa.images.models import Split
from roiqa.images.split import split_of
from roiqa.studies.golds.distorting import Mask, Setting, distort

_NAMES_TRIED = 64


def gold_picture(display_png: bytes, mask: Mask, kind: str, setting: Setting) -> tuple[bytes, DecodedImage]:
    """(original, checked and decoded) of the source's display copy with `kind` inside the mask. Raises NotVisible."""
    with Picture.open(io.BytesIO(display_png)) as opened:
        profile = opened.info.get("icc_profile")
        pixels = np.asarray(opened.convert("L" if opened.mode == "L" else "RGB"))
    distorted = Picture.fromarray(distort(pixels, mask, kind, setting))
    original = _png_of_the_test_split(distorted, profile, [] if profile else png_colour_chunks(display_png))
    return original, decode_image(original, file_name="gold.png", max_pixels=settings.IMAGE_MAX_PIXELS)


def _png_of_the_test_split(
    pixels: Picture.Image, profile: bytes | None, colour_chunks: list[tuple[bytes, bytes]]
) -> bytes:
    notes = PngImagePlugin.PngInfo()
    for kind, content in colour_chunks:
        notes.add(kind, content)
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", compress_level=1, icc_profile=profile, pnginfo=notes)
    bare = buffer.getvalue()
    data = bare
    while split_of(sha256_of(data)) != Split.TEST:
        data = bare[:-12] + _comment() + bare[-12:]
    return data


def _comment() -> bytes:
    """A PNG tEXt chunk of random text, to stand before the end chunk (12 bytes)."""
    buffer = io.BytesIO()
    PngImagePlugin.putchunk(buffer, b"tEXt", b"Comment\0" + secrets.token_hex(8).encode())
    return buffer.getvalue()


def neighbouring_name(file_name: str, *, taken: set[str]) -> str:
    """A free file name of the same pattern: other digits where there are digits, else a digit put behind the stem."""
    path = PurePosixPath(file_name)
    stem = path.stem
    digits = [index for index, letter in enumerate(stem) if letter.isdigit()][-3:]
    if not digits:
        stem, digits = stem + "0", [len(stem)]
    folder = file_name[: len(file_name) - len(path.name)]
    for length in range(_NAMES_TRIED):
        letters = list(stem)
        for index in digits:
            letters[index] = str(secrets.randbelow(10))
        # Names of this pattern run out when there are few digits: then it gets longer.
        name = f"{folder}{''.join(letters)}{secrets.randbelow(10) if length > _NAMES_TRIED // 2 else ''}{path.suffix}"
        if name not in taken:
            return name
    return f"{folder}{stem}{secrets.token_hex(4)}{path.suffix}"
