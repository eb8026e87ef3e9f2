"""`manage.py up`: start everything in order, keep it running, stop it in reverse order and leave nothing behind."""

import json
import os
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import roiqa
from roiqa.launcher import addresses
from roiqa.launcher.data_folder import NEEDED_BYTES, DataFolder
from roiqa.launcher.errors import LaunchError, StopRequested, disk_full, file_errors_explained
from roiqa.launcher.migrations import pending_migrations
from roiqa.launcher.postgres import EmbeddedPostgres
from roiqa.launcher.processes import wait_until
from roiqa.launcher.programs import Backoff, Program, Service, command_program, web_program, worker_program
from roiqa.launcher.signals import SignalWatch
from roiqa.launcher.valkey import EmbeddedValkey

READY_SECONDS = 90
GIVE_UP_AFTER_FAILURES = 3


@dataclass(frozen=True, kw_only=True)
class Options:
    """What `up` was asked for. `environment` is that of the caller; `say` prints one line on the terminal."""

    data_dir: Path
    host: str
    port: int
    demo: bool
    environment: Mapping[str, str]
    say: Callable[[str], None]


class Supervisor:
    """One run of the platform on one data folder."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.data = DataFolder(options.data_dir)
        self.services: list[Backoff] = []
        self.watch = SignalWatch()

    def run(self) -> None:
        """Serve until Ctrl-C, SIGTERM or SIGHUP. Raises LaunchError when the start fails; stops what it started either way."""
        began = time.monotonic()
        with self.watch:
            try:
                self.data.open()
                port = addresses.free_port(self.options.host, self.options.port)
                self._start(port)
                self._greet(port, time.monotonic() - began)
                self._keep_running()
            except StopRequested:
                pass
            finally:
                self._stop()

    def _start(self, port: int) -> None:
        environment = self._environment(port)
        self._start_services(environment)
        self._apply_migrations(environment)
        folder = Path(roiqa.__file__).resolve().parents[2]
        web = web_program(
            host=self.options.host,
            port=port,
            workers=min(2, os.cpu_count() or 1),
            log_path=self.data.log_path("web"),
            environment=environment,
            folder=folder,
        )
        worker = worker_program(
            data_dir=self.data.path, log_path=self.data.log_path("worker"), environment=environment, folder=folder
        )
        self._start_service(web)
        self._start_service(worker)
        if self.options.demo:
            # While web and worker are loading their code.
            self._load_demo(environment)
        self._wait_for_readiness((web, worker), port, environment["ROIQA_ALLOWED_HOSTS"].partition(",")[0].strip())

    def _environment(self, port: int) -> dict[str, str]:
        """The environment of every child. The services' addresses are added as they start."""
        environment = dict(self.options.environment)
        environment["ROIQA_DATA_DIR"] = str(self.data.path)
        environment["DJANGO_SETTINGS_MODULE"] = "roiqa.config.settings"
        environment["PYTHONUNBUFFERED"] = "1"
        source_root = Path(roiqa.__file__).resolve().parents[1]
        # The second one is where the worker finds `ml`.
        roots = [str(source_root), str(source_root.parent), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, roots))
        if not environment.get("ROIQA_SECRET_KEY") and not environment.get("ROIQA_SECRET_KEY_FILE"):
            environment["ROIQA_SECRET_KEY"] = self.data.secret_key()
        if not environment.get("ROIQA_ALLOWED_HOSTS"):
            names = ["localhost", "127.0.0.1", "[::1]", self.options.host]
            if addresses.local_host(self.options.host) != self.options.host:
                names += addresses.names_of_this_machine()
            environment["ROIQA_ALLOWED_HOSTS"] = ",".join(dict.fromkeys(names))
        return environment

    def _start_services(self, environment: dict[str, str]) -> None:
        if not environment.get("DATABASE_URL"):
            first_start = not (self.data.path / "postgres").exists()
            self._say("Creating the database." if first_start else "Starting the database.")
            postgres = EmbeddedPostgres(
                data_dir=self.data.path, log_path=self.data.log_path("postgres"), sleep=self.watch.sleep
            )
            self._start_service(postgres)
            postgres.create_database()
            environment["DATABASE_URL"] = postgres.url()
        if not environment.get("CELERY_BROKER_URL"):
            valkey = EmbeddedValkey(
                data_dir=self.data.path, log_path=self.data.log_path("valkey"), sleep=self.watch.sleep
            )
            self._start_service(valkey)
            environment["CELERY_BROKER_URL"] = valkey.url()

    def _start_service(self, service: Service) -> None:
        self.services.append(Backoff(service))
        with file_errors_explained(self.data.path):
            service.start()

    def _apply_migrations(self, environment: Mapping[str, str]) -> None:
        embedded = not self.options.environment.get("DATABASE_URL")
        if not pending_migrations(environment["DATABASE_URL"], data_dir=self.data.path if embedded else None):
            return
        self._say("Applying migrations.")
        migrate = self._command("migrate --no-input", environment)
        if migrate.run_to_end(sleep=self.watch.sleep) != 0:
            raise LaunchError(
                f"The migrations failed: {migrate.last_line()} (the whole story is in {migrate.log_path})"
            )

    def _load_demo(self, environment: Mapping[str, str]) -> None:
        """The demo is a convenience: without it the platform still serves."""
        if not (self.data.path / "demo-logins.json").exists():
            self._say("Loading the demo study.")
        demo = self._command("load_demo", environment)
        if demo.run_to_end(sleep=self.watch.sleep) != 0:
            self._say(f"The demo study could not be loaded: {demo.last_line()} (see {demo.log_path})")

    def _command(self, command: str, environment: Mapping[str, str]) -> Program:
        log_path = self.data.log_path(command.partition(" ")[0])
        folder = Path(roiqa.__file__).resolve().parents[2]
        return command_program(command, log_path=log_path, environment=environment, folder=folder)

    def _wait_for_readiness(self, programs: tuple[Program, ...], port: int, allowed_name: str) -> None:
        """Restarts what ends meanwhile; gives up on a program that ends again and again."""

        def settled() -> bool:
            self._restart_ended()
            for program in programs:
                if self._failures_of(program) >= GIVE_UP_AFTER_FAILURES:
                    raise LaunchError(f"{program.name} does not start: {program.last_line()} (see {program.log_path})")
            everything_runs = all(program.is_running() for program in programs)
            return everything_runs and addresses.is_ready(self.options.host, port, allowed_name=allowed_name)

        if not wait_until(settled, seconds=READY_SECONDS, sleep=self.watch.sleep, every=0.1):
            raise LaunchError(f"The platform was not ready after {READY_SECONDS} s: see the logs in {self.data.logs}.")

    def _failures_of(self, service: Service) -> int:
        return next(entry.failures for entry in self.services if entry.service is service)

    def _greet(self, port: int, seconds: float) -> None:
        address = addresses.url(self.options.host, port)
        self.data.publish_address(address)
        self._say(f"ROIQA is ready at {address} (after {seconds:.1f} s; Ctrl-C stops it).")
        for line in _demo_logins(self.data.path / "demo-logins.json"):
            self.options.say(line)
        self.options.say(f"  Data: {self.data.path}   Logs: {self.data.logs}")

    def _keep_running(self) -> None:
        while True:
            # Children wake the wait by SIGCHLD; an adopted server is nobody's child and is looked at every second.
            self.watch.sleep(self._seconds_to_next_start())
            self._restart_ended()

    def _seconds_to_next_start(self) -> float:
        waits = [entry.due_at - time.monotonic() for entry in self.services if entry.due_at is not None]
        return max(0.0, min([1.0, *waits]))

    def _restart_ended(self) -> None:
        for entry in self.services:
            service = entry.service
            if entry.due_at is None and not service.is_running():
                ending = service.running.ending() if service.running else "gone"
                # The rest of its process group (server workers, pool processes) must not live on beside the next one.
                service.stop()
                pause = entry.note_end()
                self._say(f"{service.name} ended ({ending}){self._disk_warning()}; starting it again in {pause:g} s.")
            elif entry.is_due():
                entry.note_start()
                try:
                    service.start()
                except (LaunchError, OSError) as error:
                    pause = entry.note_end()
                    self._say(f"{service.name} does not start: {error} Next try in {pause:g} s.")
                else:
                    self._say(f"{service.name} runs again.")

    def _disk_warning(self) -> str:
        free = shutil.disk_usage(self.data.path).free
        return f"; {disk_full(self.data.path)}" if free < NEEDED_BYTES // 10 else ""

    def _stop(self) -> None:
        anything_started = bool(self.services)
        if anything_started:
            self._say("Stopping.")
        while self.services:
            service = self.services.pop().service
            try:
                service.stop()
            except OSError as error:
                self._say(f"{service.name} did not stop cleanly: {error}")
        if anything_started:
            self._say("Stopped.")
        self.data.close()

    def _say(self, line: str) -> None:
        """One line on the terminal and, with the time, in the supervisor's log."""
        self.options.say(line)
        if not self.data.is_open():
            return
        try:
            with (self.data.logs / "supervisor.log").open("a", encoding="utf-8") as log:
                log.write(f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M:%S} {line}\n")
        except OSError:
            # A full disk must not keep the supervisor from stopping its children; the line stands on the terminal.
            return


def _demo_logins(file: Path) -> list[str]:
    """The demo's log-ins as lines of a small table, none when there is no demo."""
    if not file.exists():
        return []
    entries: list[dict[str, str]] = json.loads(file.read_text(encoding="utf-8"))
    lines = ["  Demo log-ins (user name, password):"] if entries else []
    name_width = max((len(entry["username"]) for entry in entries), default=0)
    password_width = max((len(entry["password"]) for entry in entries), default=0)
    for entry in entries:
        name, password = entry["username"].ljust(name_width), entry["password"].ljust(password_width)
        lines.append(f"    {name}  {password}  {entry['note']}")
    return lines
