"""Failures that the person at the terminal can mend: one clear line each, never a traceback."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class LaunchError(Exception):
    """An expected failure of a start. Its text names what is wrong, where, and the remedy."""


class StopRequested(Exception):
    """Raised from a wait once a stop signal has arrived; everything started so far is then stopped."""


@contextmanager
def file_errors_explained(path: Path) -> Iterator[None]:
    """Turn the file errors that people meet (full disk, no rights, read-only) into a LaunchError naming `path`."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise disk_full(path) from error
        if error.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise LaunchError(
                f"The data folder {path} cannot be written ({error.strerror}): "
                "start as the user who owns it, or choose another with --data-dir."
            ) from error
        if error.errno in {errno.ENOTDIR, errno.EEXIST}:
            raise LaunchError(f"{path} is not a folder: choose another with --data-dir.") from error
        raise


def disk_full(path: Path, how_full: str = "") -> LaunchError:
    numbers = f" ({how_full})" if how_full else ""
    return LaunchError(
        f"The disk that holds {path} is full{numbers}: free some space there, or choose another with --data-dir."
    )
