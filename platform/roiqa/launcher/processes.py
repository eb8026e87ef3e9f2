"""Starting and ending child processes so that none is ever left behind."""

import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

Sleep = Callable[[float], None]

POLL_SECONDS = 0.02
_PR_SET_PDEATHSIG = 1
# Loaded before any fork: dlopen between fork and exec is not safe.
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, kw_only=True)
class Identity:
    """The user that a service runs as: None keeps the user of this process."""

    uid: int | None = None
    gid: int | None = None

    def popen_arguments(self) -> dict[str, Any]:
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def spawn(
    arguments: Sequence[str],
    *,
    log: IO[bytes],
    environment: Mapping[str, str],
    folder: Path,
    identity: Identity | None = None,
    kept_descriptors: Sequence[int] = (),
    signal_at_parent_death: signal.Signals | None = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a child in a process group of its own (a Ctrl-C at the terminal must not reach it by itself).

    The kernel sends it `signal_at_parent_death` when this process dies, even by SIGKILL; None lets it live on.
    """
    parent = os.getpid()

    def tie_to_parent() -> None:
        # Runs after the change of user, which would have cleared the setting.
        if signal_at_parent_death is not None:
            _libc.prctl(_PR_SET_PDEATHSIG, int(signal_at_parent_death), 0, 0, 0)
            if os.getppid() != parent:
                os._exit(1)

    return subprocess.Popen(  # noqa: S603
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        cwd=folder,
        process_group=0,
        pass_fds=tuple(kept_descriptors),
        preexec_fn=tie_to_parent,  # noqa: PLW1509  (the supervisor has one thread)
        **(identity or Identity()).popen_arguments(),
    )


@dataclass(kw_only=True)
class Running:
    """A process under watch: a child of ours, or an orphan of an earlier supervisor that was taken over."""

    pid: int
    child: subprocess.Popen[bytes] | None = None
    _started: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self._started = start_time(self.pid)

    def is_alive(self) -> bool:
        """Whether it still runs. A pid that was given to another process meanwhile counts as gone."""
        if self.child is not None:
            return self.child.poll() is None
        return bool(self._started) and start_time(self.pid) == self._started

    def ending(self) -> str:
        """How it ended, in words."""
        code = None if self.child is None else self.child.returncode
        if code is None:
            return "gone"
        if code < 0:
            return f"killed by {signal.Signals(-code).name}"
        return f"exit status {code}"

    def stop(self, *, first: signal.Signals, grace_seconds: float, sleep: Sleep = time.sleep) -> None:
        """Ask with `first`, wait, then SIGKILL. Whatever is left of the child's process group goes too."""
        if self.is_alive():
            os.kill(self.pid, first)
            wait_until(lambda: not self.is_alive(), seconds=grace_seconds, sleep=sleep)
        if self.child is not None:
            kill_group(self.pid)
            self.child.wait()
        elif self.is_alive():
            os.kill(self.pid, signal.SIGKILL)
            wait_until(lambda: not self.is_alive(), seconds=5, sleep=sleep)


def kill_group(process_group: int) -> None:
    try:
        os.killpg(process_group, signal.SIGKILL)
    except ProcessLookupError:
        return


def wait_until(
    condition: Callable[[], bool], *, seconds: float, sleep: Sleep = time.sleep, every: float = POLL_SECONDS
) -> bool:
    """Poll until `condition` holds; False when `seconds` have passed without it."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        sleep(every)
    return True


def start_time(pid: int) -> str:
    """The kernel's start time of a live process (clock ticks since boot); "" when there is none or it is a zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] in {"Z", "X"} else fields[19]


def folder_marker(folder: Path) -> str:
    """A word that names `folder` in the command line of the service that runs on it, whatever path led there."""
    status = folder.stat()
    return f"roiqa-{status.st_dev:x}-{status.st_ino:x}"


def marked_processes(marker: str, *, program: str, uid: int) -> list[int]:
    """Live processes of user `uid` whose command line names `program` and carries `marker`, oldest first.

    Pid files lie after a crash or once a pid is used again; a command line does not, and every user may read it.
    """
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            command = (entry / "cmdline").read_bytes().decode(errors="replace")
            same_user = entry.stat().st_uid == uid
        except OSError:
            continue
        if same_user and marker in command and program in command.partition(marker)[0]:
            found.append(int(entry.name))
    return sorted(found, key=lambda pid: (int(start_time(pid) or 0), pid))
