"""The smallest DNG that LibRaw develops: one uncompressed RGGB strip (Adobe DNG 1.4), written by hand."""

import struct
from pathlib import Path

import numpy as np

BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL = 1, 2, 3, 4, 5, 10
FORMS = {BYTE: "B", SHORT: "H", LONG: "I"}


def write_dng(
    path: Path, mosaic: np.ndarray, *, xyz_to_camera: np.ndarray, neutral: tuple[float, float, float]
) -> None:
    """`mosaic` uint16 H x W, RGGB, white at 65,535. `neutral` is what the sensor sees of a grey card."""
    height, width = mosaic.shape
    rational = lambda values: b"".join(struct.pack("<ii", round(float(v) * 10_000), 10_000) for v in values)  # noqa: E731
    tags = [
        (254, LONG, (0,)), (256, LONG, (width,)), (257, LONG, (height,)), (258, SHORT, (16,)), (259, SHORT, (1,)),
        (262, SHORT, (32803,)), (271, ASCII, b"ROIQA\0"), (272, ASCII, b"Test\0"), (273, LONG, (8,)), (274, SHORT, (1,)),
        (277, SHORT, (1,)), (278, LONG, (height,)), (279, LONG, (mosaic.nbytes,)), (284, SHORT, (1,)),
        (33421, SHORT, (2, 2)), (33422, BYTE, (0, 1, 1, 2)), (50706, BYTE, (1, 4, 0, 0)), (50707, BYTE, (1, 1, 0, 0)),
        (50708, ASCII, b"ROIQA Test\0"), (50714, SHORT, (0,)), (50717, LONG, (65535,)),
        (50721, SRATIONAL, rational(xyz_to_camera.ravel())), (50728, RATIONAL, rational(neutral)), (50778, SHORT, (21,)),
    ]  # fmt: skip
    pixels = mosaic.astype("<u2").tobytes()
    directory, extra = b"", b""
    start = 8 + len(pixels)
    extra_start = start + 2 + 12 * len(tags) + 4
    for number, kind, values in tags:
        if kind in FORMS:
            data, count = struct.pack(f"<{len(values)}{FORMS[kind]}", *values), len(values)
        else:
            data, count = values, len(values) // (8 if kind in (RATIONAL, SRATIONAL) else 1)
        if len(data) <= 4:
            field = data.ljust(4, b"\0")
        else:
            field = struct.pack("<I", extra_start + len(extra))
            extra += data + b"\0" * (len(data) % 2)
        directory += struct.pack("<HHI", number, kind, count) + field
    header = b"II*\0" + struct.pack("<I", start)
    path.write_bytes(header + pixels + struct.pack("<H", len(tags)) + directory + b"\0\0\0\0" + extra)
