"""A model's files in Django's default storage: put there whole, and found again as a folder on this machine's disk."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage

from roiqa.registry.errors import WeightsRefused
from roiqa.registry.models import ModelVersion

_PIECE = 1024 * 1024


def store(path: Path, key: str) -> None:
    """Copy a file into storage under this key, whole or not at all; what is there already stays."""
    if default_storage.exists(key):
        return
    try:
        place = Path(default_storage.path(key))
    except NotImplementedError:
        # Object storage: an upload appears whole or not at all.
        with path.open("rb") as handle:
            default_storage.save(key, File(handle))
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with path.open("rb") as source:
        _write(place, source)


def folder_of(model: ModelVersion) -> Path:
    """The model's files as a folder of this machine: storage itself if it is a disk, else a copy that is kept.

    Every file is checked against its row, so that whoever loads them loads what was registered. Raises WeightsRefused.
    """
    try:
        folder = Path(default_storage.path(model.folder_key))
    except NotImplementedError:
        folder = settings.DATA_DIR / "models" / str(model.pk)
        folder.mkdir(parents=True, exist_ok=True)
        for name, expected in model.files.items():
            if _sha256(folder / name) != expected["sha256"]:
                with default_storage.open(model.folder_key + name, "rb") as stored:
                    _write(folder / name, stored)
    for name, expected in model.files.items():
        if _sha256(folder / name) != expected["sha256"]:
            raise WeightsRefused(
                f"{name} of model {model.number} in storage is not the file that was registered: restore it from a "
                "backup."
            )
    return folder


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def _write(place: Path, source: Any) -> None:
    descriptor, temporary = tempfile.mkstemp(prefix=".incoming-", dir=place.parent)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            shutil.copyfileobj(source, handle, _PIECE)
            handle.flush()
            os.fsync(handle.fileno())
        # mkstemp makes files private to one user; another process of the same installation must read this one.
        Path(temporary).chmod(0o644)
        Path(temporary).replace(place)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
