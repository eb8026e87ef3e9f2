"""Where the embedded services listen: a Unix socket beside the data, or in a short folder where that path is too long.

The addresses follow from the data folder alone, so that `manage.py shell` finds the servers that `manage.py up` started.
"""

import os
import stat
import tempfile
from pathlib import Path
from urllib.parse import quote

from roiqa.launcher.errors import LaunchError
from roiqa.launcher.processes import Identity, folder_marker

DATABASE = "roiqa"
APPLICATION_ROLE = "roiqa"
POSTGRES_SOCKET = ".s.PGSQL.5432"
VALKEY_SOCKET = "valkey.sock"
# sockaddr_un.sun_path holds 108 bytes, one of them for the final NUL.
LONGEST_SOCKET_PATH = 107


def database_url(data_dir: Path) -> str:
    """The address of the embedded PostgreSQL of `data_dir`."""
    folder = socket_folder(data_dir / "postgres", POSTGRES_SOCKET)
    return f"postgresql://{APPLICATION_ROLE}@/{DATABASE}?host={quote(str(folder))}"


def broker_url(data_dir: Path) -> str:
    """The address of the embedded Valkey of `data_dir`."""
    return f"redis+socket://{quote(str(socket_folder(data_dir / 'valkey', VALKEY_SOCKET) / VALKEY_SOCKET))}"


def socket_folder(data: Path, socket_name: str) -> Path:
    """`data` itself, or a folder with a short name for it in the place for temporary files."""
    if _fits(data / socket_name) or not data.exists():
        return data
    name = f"{folder_marker(data)}-{data.stat().st_uid}"
    short = Path(tempfile.gettempdir()) / name
    return short if _fits(short / socket_name) else Path("/tmp") / name  # noqa: S108  (owner and mode are checked)


def _fits(path: Path) -> bool:
    return len(os.fsencode(path)) <= LONGEST_SOCKET_PATH


def prepare_socket_folder(folder: Path, *, data: Path, identity: Identity) -> None:
    """Make the short folder, private to the user that runs the service; refuse one that somebody else has made."""
    if folder == data:
        return
    try:
        folder.mkdir(mode=0o700)
        if identity.uid is not None:
            os.chown(folder, identity.uid, identity.gid or 0)
    except FileExistsError:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != data.stat().st_uid or status.st_mode & 0o077:
            raise LaunchError(
                f"{folder} is not a private folder of the user that runs the database: "
                "remove it, or choose a shorter path with --data-dir."
            ) from None


def remove_socket_folder(folder: Path, *, data: Path) -> None:
    """Remove the short folder after the service has ended; sockets beside the data stay with the data."""
    if folder == data:
        return
    for left in folder.iterdir():
        left.unlink(missing_ok=True)
    folder.rmdir()
