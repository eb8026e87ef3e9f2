"""What a file says about the meaning of its colours: the only metadata that survives into what annotators see.

Colour is judged here. Without its profile a wide-gamut photograph looks dull and its "colorfulness" would be rated
wrongly, so the ICC profile stays (or, in a PNG without one, the gAMA, cHRM, sRGB and cICP chunks, which browsers obey in
its stead). Nothing in these says who, where or when.
"""

import struct
from collections.abc import Iterator

PNG_COLOUR_CHUNKS = (b"cHRM", b"cICP", b"gAMA", b"sRGB")


def usable_profile(profile: object) -> bytes | None:
    """The ICC profile if it is one, for RGB or grey pixels; None for anything else. Source: ICC.1:2022, section 7.2."""
    if not isinstance(profile, bytes) or len(profile) < 132 or profile[36:40] != b"acsp":
        return None
    return profile if profile[16:20] in {b"RGB ", b"GRAY"} else None


def is_grey_profile(profile: bytes) -> bool:
    return profile[16:20] == b"GRAY"


def png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """(kind, content) of each PNG chunk in order, up to the first one that is cut short."""
    at = 8
    while at + 12 <= len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        content = data[at + 8 : at + 8 + length]
        if len(content) < length:
            return
        yield kind, content
        at += 12 + length


def png_colour_chunks(data: bytes) -> list[tuple[bytes, bytes]]:
    """The chunks of a PNG that say what its colours mean; they stand before the pixels."""
    found = []
    for kind, content in png_chunks(data):
        if kind == b"IDAT":
            break
        if kind in PNG_COLOUR_CHUNKS:
            found.append((kind, content))
    return found
