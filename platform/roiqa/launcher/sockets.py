"""Where a service's Unix socket lies: beside its data, or in a short folder when that path is too long for the kernel."""

import os
import stat
import tempfile
from pathlib import Path

from roiqa.launcher.errors import LaunchError
from roiqa.launcher.processes import Identity, folder_marker

# sockaddr_un.sun_path holds 108 bytes, one of them for the final NUL.
LONGEST_SOCKET_PATH = 107


def socket_folder(data: Path, *, socket_name: str, identity: Identity) -> Path:
    """`data` itself, or a private folder with a short name of its own under /tmp."""
    if len(os.fsencode(data / socket_name)) <= LONGEST_SOCKET_PATH:
        return data
    uid = os.geteuid() if identity.uid is None else identity.uid
    short = Path(tempfile.gettempdir()) / f"{folder_marker(data)}-{uid}"
    if len(os.fsencode(short / socket_name)) > LONGEST_SOCKET_PATH:
        short = Path("/tmp") / short.name  # noqa: S108  (owner and mode are checked below)
    try:
        short.mkdir(mode=0o700)
        if identity.uid is not None:
            os.chown(short, identity.uid, identity.gid or 0)
    except FileExistsError:
        status = short.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != uid or status.st_mode & 0o077:
            raise LaunchError(
                f"{short} is not a private folder of the user that runs the database: "
                "remove it, or choose a shorter path with --data-dir."
            ) from None
    return short


def remove_socket_folder(folder: Path, *, data: Path) -> None:
    """Remove the short folder after the service has ended; sockets beside the data stay with the data."""
    if folder == data:
        return
    for left in folder.glob("*"):
        left.unlink(missing_ok=True)
    for left in folder.glob(".s.*"):
        left.unlink(missing_ok=True)
    folder.rmdir()
