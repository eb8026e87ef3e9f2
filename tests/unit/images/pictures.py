"""Real image files for tests, good and bad, made in memory."""

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image, ImageCms


def photo(width: int = 96, height: int = 64, *, seed: int = 1) -> Image.Image:
    """Shades with grain: compresses as a photograph does, and no two places look alike."""
    random = np.random.default_rng(seed)
    coarse = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((width, height))
    pixels = np.asarray(coarse, dtype=np.int16) + random.integers(-6, 7, (height, width, 1))
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))


def encoded(picture: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def jpeg(width: int = 96, height: int = 64, *, seed: int = 1, **options: Any) -> bytes:
    return encoded(photo(width, height, seed=seed), "JPEG", **{"quality": 92, **options})


def png_chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_header_only(width: int, height: int) -> bytes:
    """A PNG that promises many pixels and holds a few bytes: a decompression bomb by its header."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(3 * 1000 + 1))
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def webp_header_only(width: int, height: int) -> bytes:
    """A WebP whose canvas (VP8X) is vast."""
    body = bytes(4) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    chunk = b"VP8X" + struct.pack("<I", len(body)) + body
    return b"RIFF" + struct.pack("<I", 4 + len(chunk)) + b"WEBP" + chunk


def exif(*, orientation: int = 1, with_position: bool = False) -> bytes:
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010F] = "Secret Camera Maker"
    if with_position:
        data.get_ifd(0x8825).update({1: "N", 2: (48.0, 8.0, 13.9), 3: "E", 4: (11.0, 34.0, 31.0)})
    return data.tobytes()


def srgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def pixels_of(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)))
