"""Reference photographs: RAW files developed in linear light, or sRGB pictures taken back to it.

A reference is worked on at a long side of at most 1,024 px (the paper's set has about that), never enlarged.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor
from torch.nn import functional

from ml.synthesis.camera import Camera, drawn_camera, known_camera
from ml.synthesis.tone import to_bytes, to_display, to_linear

WORKING_SIDE = 1024
RAW_SUFFIXES = frozenset({".arw", ".cr2", ".cr3", ".dng", ".kdc", ".nef", ".orf", ".pef", ".raf", ".rw2", ".srw"})


class BadReference(ValueError):
    """A file that is no photograph we can read; its text names the file and what to do."""


@dataclass(frozen=True)
class Reference:
    """`id` is the sha256 of the file; `pixels` uint8 and `linear` float32 0..1 are 3 x height x width, upright."""

    id: str
    name: str
    pixels: Tensor
    linear: Tensor
    camera: Camera

    @property
    def display(self) -> Tensor:
        """Display values 0..1, as the undistorted photograph is stored."""
        return self.pixels.float() / 255.0


def read_reference(path: Path, *, long_side: int = WORKING_SIDE) -> Reference:
    """Read and develop one photograph. Raises BadReference."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadReference(f"{path}: {error.strerror}. Give an existing file.") from error
    identity = hashlib.sha256(content).hexdigest()
    if path.suffix.lower() in RAW_SUFFIXES:
        linear, camera = _from_raw(path)
        linear = _reduced(linear, long_side).clamp(0.0, 1.0)
        return Reference(identity, path.name, to_bytes(to_display(linear)), linear, camera)
    try:
        with Image.open(path) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (UnidentifiedImageError, OSError) as error:
        raise BadReference(f"{path}: not a picture that can be read ({error}). Give JPEG, PNG, TIFF or RAW.") from error
    if max(upright.size) > long_side:
        scale = long_side / max(upright.size)
        width, height = (max(1, round(side * scale)) for side in upright.size)
        upright = upright.resize((width, height), Image.Resampling.LANCZOS)
    pixels = torch.from_numpy(np.asarray(upright).copy()).permute(2, 0, 1).contiguous()
    return Reference(identity, path.name, pixels, to_linear(pixels.float() / 255.0), drawn_camera(identity))


def _from_raw(path: Path) -> tuple[Tensor, Camera]:
    """Linear sRGB light 0..1 at full size, with the camera's own white balance, and that camera."""
    import rawpy  # noqa: PLC0415  (only RAW files need it)

    try:
        with rawpy.imread(str(path)) as raw:
            red, green, blue = (float(value) for value in raw.camera_whitebalance[:3])
            camera = known_camera(np.asarray(raw.rgb_xyz_matrix[:3], dtype=np.float64), (red, green, blue))
            developed = raw.postprocess(
                use_camera_wb=True,
                no_auto_bright=True,
                output_bps=16,
                gamma=(1, 1),
                output_color=rawpy.ColorSpace.sRGB,
                highlight_mode=rawpy.HighlightMode.Clip,
            )
    except rawpy.LibRawError as error:
        raise BadReference(f"{path}: LibRaw cannot develop it ({error}). Convert it to DNG or to a picture.") from error
    return torch.from_numpy(developed.astype(np.float32) / 65535.0).permute(2, 0, 1).contiguous(), camera


def _reduced(linear: Tensor, long_side: int) -> Tensor:
    height, width = linear.shape[-2:]
    if max(height, width) <= long_side:
        return linear
    scale = long_side / max(height, width)
    size = (max(1, round(height * scale)), max(1, round(width * scale)))
    return functional.interpolate(linear.unsqueeze(0), size=size, mode="bicubic", antialias=True).squeeze(0)
