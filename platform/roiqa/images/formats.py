"""What a file is, told by its first bytes and never by its name; and how large its picture says it is."""

import struct
from collections.abc import Mapping
from pathlib import PurePosixPath

from roiqa.core.errors import Invalid

EXTENSIONS: Mapping[str, frozenset[str]] = {
    "JPEG": frozenset({".jpg", ".jpeg", ".jpe", ".jfif"}),
    "PNG": frozenset({".png"}),
    "WEBP": frozenset({".webp"}),
    "TIFF": frozenset({".tif", ".tiff"}),
}
_ACCEPTED = "JPEG, PNG, WebP and TIFF are accepted"


class ImageRefused(Invalid):
    """The bytes are no picture that this platform can show faithfully."""

    default_code = "image_refused"


def identify(data: bytes) -> str | None:
    """The format that the leading bytes announce: JPEG, PNG, WEBP or TIFF; None for anything else."""
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    # Classic and big TIFF, either byte order.
    if data.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")):
        return "TIFF"
    return None


def format_of(data: bytes, *, file_name: str) -> str:
    """The format of a file whose name must not contradict its bytes; a name without extension says nothing.

    Raises ImageRefused: `image_empty`, `not_an_image`, `image_wrong_extension`.
    """
    if not data:
        raise ImageRefused("The file is empty.", code="image_empty")
    extension = PurePosixPath(file_name).suffix.lower()
    found = identify(data)
    if found is None:
        raise ImageRefused(f"The content is no image of a known kind: {_ACCEPTED}.", code="not_an_image")
    if extension and extension not in EXTENSIONS[found]:
        right = " or ".join(sorted(EXTENSIONS[found]))
        raise ImageRefused(
            f"The name ends in {extension!r}, but the content is {found}: rename it to {right}.",
            code="image_wrong_extension",
        )
    return found


def webp_size(data: bytes) -> tuple[int, int]:
    """(width, height) of a WebP file's canvas, from its first chunk. Raises struct.error or ValueError if broken.

    Read here because Pillow allocates the canvas as soon as it opens a WebP file. Source: RFC 9649, sections 2 and 3.
    """
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError(f"the first chunk is {kind!r}")
