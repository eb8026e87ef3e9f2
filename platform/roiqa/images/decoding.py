"""One file's bytes to what is stored and shown: checked, upright, without metadata, never silently altered.

The original bytes are kept as they came. What annotators get is made from the decoded pixels, so whatever else a file
holds (scripts, archives appended to it, positions, serial numbers) cannot reach a browser. A picture whose eight-bit
appearance would be this program's choice (16 bits, CMYK, transparency, several frames) is refused with the remedy:
quality is judged here, and such a choice would be part of what is judged.
"""

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from PIL import ExifTags, Image, JpegImagePlugin, PngImagePlugin, TiffImagePlugin, WebPImagePlugin

from roiqa.images.colour import is_grey_profile, png_chunks, png_colour_chunks, usable_profile
from roiqa.images.formats import ImageRefused, format_of, webp_size

THUMBNAIL_PX = 320
# Measured on 60 photographs of 481 x 321 px, zlib-ng: level 1 takes 12.6 ms and 260 KB, level 6 takes 39.5 ms and 256 KB.
PNG_COMPRESS_LEVEL = 1
# Measured there too: method 2 costs as much as 0 (4.9 ms) and is a fifth smaller; 4 costs 8.1 ms and gains nothing.
WEBP_METHOD = 2
# A file may be larger than its raw pixels by this much before it is taken for something else.
METADATA_ALLOWANCE = 32 * 1024 * 1024

# The readers themselves rather than Image.open: no guessing, and no process-wide pixel limit beside ours.
_READERS: Mapping[str, Callable[[io.BytesIO], Image.Image]] = {
    "JPEG": JpegImagePlugin.JpegImageFile,
    "PNG": PngImagePlugin.PngImageFile,
    "WEBP": WebPImagePlugin.WebPImageFile,
    "TIFF": TiffImagePlugin.TiffImageFile,
}
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_BITS_PER_SAMPLE = 258
_BROKEN_REMEDY = "open it in an image program and save it again, or copy it anew"


@dataclass(frozen=True)
class DecodedImage:
    """A checked picture. `width` and `height` are of the upright picture, in pixels."""

    sha256: str
    format: str
    width: int
    height: int
    byte_size: int
    display_png: bytes
    thumbnail_webp: bytes


def sha256_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def largest_file(max_pixels: int) -> int:
    """Bytes that a file may have: four per pixel of the largest picture, and something for its metadata."""
    return 4 * max_pixels + METADATA_ALLOWANCE


def decode_image(data: bytes, *, file_name: str, max_pixels: int) -> DecodedImage:
    """Check and fully decode one file; make the display copy (lossless PNG) and the thumbnail (WebP).

    Raises ImageRefused with the reason. The size is read from the header and compared with `max_pixels` before any
    pixel is decoded. No database, no files: safe to call from several threads, where Pillow works in parallel.
    """
    kind = format_of(data, file_name=file_name)
    if len(data) > largest_file(max_pixels):
        raise ImageRefused(
            f"The file has {len(data):,} bytes; at most {largest_file(max_pixels):,} are taken.", code="image_too_large"
        )
    try:
        picture = _open(data, kind, max_pixels=max_pixels)
        profile = usable_profile(picture.info.get("icc_profile"))
        upright = _upright(_eight_bit_pixels(picture, kind, data), picture, kind)
    except ImageRefused:
        raise
    except Exception as error:  # Pillow raises whatever its parsers trip over; all of it means "broken".
        reason = str(error).strip().rstrip(".") or type(error).__name__
        raise ImageRefused(
            f"The {kind} is truncated or broken ({reason[:200]}): {_BROKEN_REMEDY}.", code="image_broken"
        ) from error
    if profile is not None and is_grey_profile(profile) != (upright.mode == "L"):
        # A PNG must not pair grey pixels with an RGB profile; a grey profile says nothing about RGB pixels.
        profile = None if upright.mode == "RGB" else profile
        upright = upright.convert("RGB")
    return DecodedImage(
        sha256=sha256_of(data),
        format=kind,
        width=upright.width,
        height=upright.height,
        byte_size=len(data),
        display_png=_display_png(upright, profile, png_colour_chunks(data) if kind == "PNG" else []),
        thumbnail_webp=_thumbnail_webp(upright, profile),
    )


def _open(data: bytes, kind: str, *, max_pixels: int) -> Image.Image:
    """The picture with its header read and accepted; no pixel decoded yet."""
    if kind == "WEBP":
        _check_size(*webp_size(data), max_pixels=max_pixels)
    if kind == "PNG":
        # Finds damage beside the pixels and a file cut off after the last of them, which decoding alone would not.
        PngImagePlugin.PngImageFile(io.BytesIO(data)).verify()
        if all(chunk != b"IEND" for chunk, _ in png_chunks(data)):
            raise ImageRefused(f"The PNG is truncated (its end is missing): {_BROKEN_REMEDY}.", code="image_broken")
    picture = _READERS[kind](io.BytesIO(data))
    _check_size(*picture.size, max_pixels=max_pixels)
    # A JPEG with further pictures in it (previews, depth) is fine: the reader above knows the first one only, and it is
    # the one that every program shows. With the other formats, which frame would be judged is anybody's guess.
    frames = getattr(picture, "n_frames", 1)
    if frames > 1:
        raise ImageRefused(
            f"The {kind} holds {frames} frames or pages: save the one you mean as a file of its own.",
            code="image_animated",
        )
    bits = _bits_per_channel(picture, kind, data)
    if bits > 8:
        raise ImageRefused(
            f"The {kind} has {bits} bits per channel, and screens show 8: convert it to 8 bits the way you mean it.",
            code="image_bit_depth",
        )
    return picture


def _check_size(width: int, height: int, *, max_pixels: int) -> None:
    if width < 1 or height < 1:
        raise ImageRefused(f"The header says {width} x {height} pixels.", code="image_broken")
    if width * height > max_pixels:
        raise ImageRefused(
            f"The header says {width:,} x {height:,} pixels, more than the {max_pixels:,} accepted here: "
            "scale it down, or have the limit raised (ROIQA_IMAGE_MAX_MEGAPIXELS).",
            code="image_too_large",
        )


def _bits_per_channel(picture: Image.Image, kind: str, data: bytes) -> int:
    if kind == "PNG":
        return data[24]
    if isinstance(picture, TiffImagePlugin.TiffImageFile):
        bits = picture.tag_v2.get(_BITS_PER_SAMPLE, 1)
        return max(bits) if isinstance(bits, tuple) else int(bits)
    return 8


def _eight_bit_pixels(picture: Image.Image, kind: str, data: bytes) -> Image.Image:
    """All pixels, decoded, as mode L or RGB without loss. Raises ImageRefused where that is impossible."""
    picture.load()
    if picture.mode in {"RGBA", "LA", "PA"} or "transparency" in picture.info:
        with_alpha = picture.convert("RGBA")
        if with_alpha.getchannel("A").getextrema()[0] != 255:
            raise ImageRefused(
                f"The {kind} has transparent pixels, which have no colour of their own: flatten it first.",
                code="image_transparent",
            )
        return with_alpha.convert("L" if picture.mode in {"L", "LA"} else "RGB")
    if picture.mode in {"L", "RGB"}:
        return picture
    if picture.mode == "1":
        return picture.convert("L")
    if picture.mode in {"P", "RGBX"}:
        return picture.convert("RGB")
    raise ImageRefused(
        f"The {kind} is in colour mode {picture.mode}, which does not say how it looks on a screen: convert it to RGB.",
        code="image_colour_mode",
    )


def _upright(pixels: Image.Image, picture: Image.Image, kind: str) -> Image.Image:
    """The pixels turned as the EXIF orientation says. An unreadable EXIF block is no orientation."""
    if kind == "TIFF":
        return pixels  # Pillow turned it while loading
    try:
        orientation = picture.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # noqa: BLE001  (as above: any complaint about metadata that is dropped anyway)
        orientation = 1
    method = _UPRIGHT.get(orientation) if isinstance(orientation, int) else None
    return pixels if method is None else pixels.transpose(method)


def _display_png(pixels: Image.Image, profile: bytes | None, colour_chunks: list[tuple[bytes, bytes]]) -> bytes:
    bare = _without_metadata(pixels)
    notes = PngImagePlugin.PngInfo()
    if profile is None:
        for kind, content in colour_chunks:
            notes.add(kind, content)
    buffer = io.BytesIO()
    bare.save(buffer, "PNG", compress_level=PNG_COMPRESS_LEVEL, icc_profile=profile, pnginfo=notes)
    return buffer.getvalue()


def _thumbnail_webp(pixels: Image.Image, profile: bytes | None) -> bytes:
    small = _without_metadata(pixels)
    # Whole-number reduction first: twenty times quicker on camera-sized pictures, and nobody judges a thumbnail.
    small.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX), Image.Resampling.LANCZOS, reducing_gap=2.0)
    # WebP knows no grey: its pixels become RGB, to which a grey profile says nothing.
    for_rgb = b"" if profile is None or is_grey_profile(profile) else profile
    buffer = io.BytesIO()
    small.convert("RGB").save(buffer, "WEBP", quality=80, method=WEBP_METHOD, icc_profile=for_rgb, exif=b"")
    return buffer.getvalue()


def _without_metadata(pixels: Image.Image) -> Image.Image:
    """The same pixels in a picture that carries nothing else: savers read `info` behind one's back."""
    bare = pixels.copy()
    bare.info = {}
    return bare
