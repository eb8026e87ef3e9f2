"""Where the pixels of a sample come from: a file of a folder or a member of an export's ZIP."""

import hashlib
import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ml.seagull.data.records import Pixels


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture on disk; calling it reads the pixels. `member` is a name within a ZIP at `path`."""

    path: Path
    width: int
    height: int
    member: str | None = None

    def __call__(self) -> Pixels:
        """Upright RGB, uint8 H x W x 3. Raises ValueError if it is not of the size that its record says."""
        with Image.open(io.BytesIO(self.read())) as picture:
            upright = ImageOps.exif_transpose(picture).convert("RGB")
        if upright.size != (self.width, self.height):
            raise ValueError(
                f"{self.name} is {upright.width} x {upright.height}, its record says {self.width} x {self.height}"
            )
        return np.asarray(upright, dtype=np.uint8)

    @property
    def name(self) -> str:
        return str(self.path) if self.member is None else f"{self.path}: {self.member}"

    def exists(self) -> bool:
        if self.member is None:
            return self.path.is_file()
        with zipfile.ZipFile(self.path) as archive:
            return self.member in archive.NameToInfo

    def read(self) -> bytes:
        if self.member is None:
            return self.path.read_bytes()
        with zipfile.ZipFile(self.path) as archive:
            return archive.read(self.member)

    def sha256(self) -> str:
        return hashlib.sha256(self.read()).hexdigest()


def inside(folder: Path, name: str) -> Path:
    """The path of a name within a folder. Raises ValueError for a name that leads out of it."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise ValueError(f"file_name {name!r} leads out of {folder}")
    return path
