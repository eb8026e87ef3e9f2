"""Files and folders that are whole or not there: written beside their place, synced, then renamed into it."""

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

PART = ".part"


def write_bytes(path: Path, content: bytes) -> None:
    """Replace a file in one move; of several processes at once the last one stays."""
    part = path.with_name(f"{path.name}.{os.getpid()}{PART}")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync_folder(path.parent)


def write_folder(folder: Path, fill: Callable[[Path], None]) -> None:
    """Make `folder` with what `fill(part)` writes into its stand-in; one left over by a crash is thrown away.

    Raises: FileExistsError if the folder is there already: a finished one is never written again.
    """
    if folder.exists():
        raise FileExistsError(f"{folder} exists already.")
    part = folder.with_name(f"{folder.name}{PART}")
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(parents=True)
    fill(part)
    for path in sorted(part.rglob("*")):
        if path.is_file():
            _sync(path)
    for path in sorted((path for path in part.rglob("*") if path.is_dir()), reverse=True):
        sync_folder(path)
    sync_folder(part)
    part.rename(folder)
    sync_folder(folder.parent)


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync_folder(folder: Path) -> None:
    _sync(folder)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
