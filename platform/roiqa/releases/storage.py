"""Large files into storage: written beside their place first, then moved, so that a key names a whole file or nothing."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.core.files import File
from django.core.files.storage import default_storage

_INCOMING = "releases/.incoming"
# Longer than any job may run: what is older was left behind by a killed process.
_LEFT_BEHIND_SECONDS = 6 * 3600


@contextmanager
def incoming_file() -> Iterator[IO[bytes]]:
    """An empty temporary file to write, near the place it will be moved to; gone at the end unless `keep` took it."""
    folder = _incoming_folder()
    with tempfile.NamedTemporaryFile("w+b", prefix="incoming-", dir=folder, delete=False) as handle:
        try:
            yield handle.file
        finally:
            Path(handle.name).unlink(missing_ok=True)


def keep(handle: IO[bytes], *, key: str) -> int:
    """Move what was written into storage under this content-addressed key; answers its size in bytes.

    A file that is there already stays: the same content has the same key.
    """
    handle.flush()
    size = handle.tell()
    if default_storage.exists(key):
        return size
    place = _local_path(key)
    if place is None:
        # Object storage: an upload appears whole or not at all.
        handle.seek(0)
        default_storage.save(key, File(handle))
        return size
    os.fsync(handle.fileno())
    # Temporary files are to one user; another process of the same installation must read this one.
    os.fchmod(handle.fileno(), 0o644)
    place.parent.mkdir(parents=True, exist_ok=True)
    Path(handle.name).replace(place)
    return size


def _local_path(key: str) -> Path | None:
    """Where the key lies on this machine's disk; None for object storage."""
    try:
        return Path(default_storage.path(key))
    except NotImplementedError:
        return None


def _incoming_folder() -> Path | None:
    folder = _local_path(_INCOMING)
    if folder is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob("incoming-*"):
        try:
            if time.time() - left.stat().st_mtime > _LEFT_BEHIND_SECONDS:
                left.unlink()
        except FileNotFoundError:
            continue
    return folder
