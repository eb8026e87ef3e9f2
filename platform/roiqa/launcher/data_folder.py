"""The data folder: who holds it, which format it has, its secret key and whether there is room left on its disk."""

import fcntl
import json
import os
import secrets
import shutil
from pathlib import Path
from typing import IO

from roiqa.launcher.errors import LaunchError, disk_full, file_errors_explained

# Raised when the layout of the folder changes so that an older ROIQA must not touch it.
DATA_FORMAT = 1
# A fresh cluster takes 40 MB, its write-ahead log grows to some hundred; below this nothing good can come of a start.
NEEDED_BYTES = 200 * 1024 * 1024
_LOG_BYTES = 10 * 1024 * 1024


class DataFolder:
    """An opened data folder. One supervisor at a time holds it, by a lock that the kernel frees when it dies."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self._lock: IO[str] | None = None

    def open(self, *, needed_bytes: int = NEEDED_BYTES) -> None:
        """Create or check the folder and lock it. Raises LaunchError with one line that says why it cannot be used."""
        with file_errors_explained(self.path):
            # Root's services run as another user, who must be able to pass through but not to list.
            self.path.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
            self.path = self.path.resolve()
            self._check_room(needed_bytes)
            self.logs = self.path / "logs"
            self.logs.mkdir(mode=0o700, exist_ok=True)
            self._take_lock()
            self._check_format()

    def is_open(self) -> bool:
        return self._lock is not None

    def close(self) -> None:
        if self._lock is not None:
            self._lock.truncate(0)
            self._lock.close()
            self._lock = None

    def publish_address(self, address: str) -> None:
        """Let a second start on this folder say where the first one is."""
        if self._lock is not None:
            self._lock.seek(0)
            self._lock.truncate()
            json.dump({"pid": os.getpid(), "address": address}, self._lock)
            self._lock.flush()

    def secret_key(self) -> str:
        """The folder's own secret key, made at the first start and readable by its owner only."""
        file = self.path / "secret-key"
        with file_errors_explained(self.path):
            if not file.exists():
                unfinished = file.with_suffix(".unfinished")
                unfinished.unlink(missing_ok=True)
                descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
                    stream.write(secrets.token_urlsafe(64))
                unfinished.rename(file)
            return file.read_text(encoding="utf-8").strip()

    def log_path(self, name: str) -> Path:
        """The log of one process; a large one of earlier starts is set aside as `<name>.log.1`."""
        path = self.logs / f"{name}.log"
        with file_errors_explained(self.path):
            if path.exists() and path.stat().st_size > _LOG_BYTES:
                path.replace(path.with_suffix(".log.1"))
        return path

    def _check_room(self, needed_bytes: int) -> None:
        free = shutil.disk_usage(self.path).free
        if free < needed_bytes:
            raise disk_full(self.path, f"{free // 1_000_000} MB free, {needed_bytes // 1_000_000} MB needed")

    def _take_lock(self) -> None:
        lock = (self.path / "lock").open("a+", encoding="utf-8")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LaunchError(
                f"ROIQA is already running on the data folder {self.path}{_holder(lock)}: "
                "stop it first, or choose another folder with --data-dir."
            ) from None
        self._lock = lock
        self.publish_address("")

    def _check_format(self) -> None:
        file = self.path / "data-format"
        if not file.exists():
            file.write_text(f"{DATA_FORMAT}\n", encoding="utf-8")
            return
        found = file.read_text(encoding="utf-8").strip()
        if not found.isdecimal():
            raise LaunchError(f"{file} holds {found!r} and not a number: is {self.path} really a data folder of ROIQA?")
        if int(found) > DATA_FORMAT:
            raise newer_data(self.path, f"its format is {found}, this version knows {DATA_FORMAT}")


def newer_data(path: Path, why: str) -> LaunchError:
    return LaunchError(
        f"The data folder {path} was written by a newer version of ROIQA ({why}): "
        "start that version, or choose another folder with --data-dir."
    )


def _holder(lock: IO[str]) -> str:
    """Who holds the lock, as far as the holder has written it down."""
    lock.seek(0)
    try:
        holder = json.load(lock)
    except ValueError:
        return ""
    where = f", {holder['address']}" if holder["address"] else ""
    return f" (process {holder['pid']}{where})"
