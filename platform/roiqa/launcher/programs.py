"""The long-running programs beside the services: how each is started, watched and asked to end."""

import os
import signal
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from roiqa.launcher.processes import Running, Sleep, spawn, wait_until

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0
# Having run this long, a program counts as healthy: its next failure starts again with the shortest pause.
HEALTHY_SECONDS = 60.0


class Service(Protocol):
    """What the supervisor needs of anything it keeps running."""

    @property
    def name(self) -> str: ...
    @property
    def running(self) -> Running | None: ...
    def start(self) -> None: ...
    def is_running(self) -> bool: ...
    def stop(self) -> None: ...


@dataclass(kw_only=True)
class Program:
    """A Python program in a process group of its own, its output in a log."""

    name: str
    arguments: tuple[str, ...]
    log_path: Path
    environment: Mapping[str, str]
    folder: Path
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0
    running: Running | None = None

    def start(self) -> None:
        with self.log_path.open("ab") as log:
            child = spawn([sys.executable, *self.arguments], log=log, environment=self.environment, folder=self.folder)
        self.running = Running(pid=child.pid, child=child)

    def is_running(self) -> bool:
        return self.running is not None and self.running.is_alive()

    def stop(self) -> None:
        if self.running is not None:
            self.running.stop(first=self.stop_signal, grace_seconds=self.stop_seconds)
            self.running = None

    def run_to_end(self, *, sleep: Sleep) -> int:
        """Start it, wait for its end and return its exit status; ended early when the wait is interrupted."""
        self.start()
        try:
            wait_until(lambda: not self.is_running(), seconds=3600, sleep=sleep)
        finally:
            child = self.running.child if self.running else None
            self.stop()
        return 1 if child is None else child.returncode

    def last_line(self) -> str:
        """The last line of its log: for a Python program that failed, the error itself."""
        if not self.log_path.exists():
            return ""
        return self.log_path.read_bytes()[-4000:].decode(errors="replace").strip().rpartition("\n")[2]


@dataclass
class Backoff:
    """When to start a service again after it ended: at once-ish, then ever more slowly while it keeps failing."""

    service: Service
    pause_seconds: float = FIRST_PAUSE_SECONDS
    started_at: float = field(default_factory=time.monotonic)
    due_at: float | None = None
    failures: int = 0

    def note_end(self) -> float:
        """Plan the next start and return the pause until then, in seconds."""
        now = time.monotonic()
        if now - self.started_at > HEALTHY_SECONDS:
            self.pause_seconds = FIRST_PAUSE_SECONDS
            self.failures = 0
        self.failures += 1
        pause = self.pause_seconds
        self.due_at = now + pause
        self.pause_seconds = min(2 * pause, LONGEST_PAUSE_SECONDS)
        return pause

    def note_start(self) -> None:
        self.started_at = time.monotonic()
        self.due_at = None

    def is_due(self) -> bool:
        return self.due_at is not None and time.monotonic() >= self.due_at


def web_program(
    *, host: str, port: int, workers: int, log_path: Path, environment: Mapping[str, str], folder: Path
) -> Program:
    """The web server: granian with the ASGI application (streams stay open without holding a thread)."""
    arguments = (
        *("-m", "granian", "--interface", "asgi", "--no-ws", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--respawn-failed-workers", "--workers-kill-timeout", "5"),
        *("--access-log", "roiqa.config.asgi:application"),
    )
    return Program(name="web", arguments=arguments, log_path=log_path, environment=environment, folder=folder)


def worker_program(*, data_dir: Path, log_path: Path, environment: Mapping[str, str], folder: Path) -> Program:
    """One worker for all queues with the clock (beat) inside: one machine needs neither a second worker nor a clock."""
    arguments = (
        *("-m", "celery", "--app", "roiqa.config.celery", "worker", "--concurrency", "2"),
        *("--queues", "default,gpu,models,outgoing"),
        *("--beat", "--schedule", str(data_dir / "beat-schedule"), "--loglevel", "INFO"),
        *("--without-gossip", "--without-mingle", "--hostname", "default@roiqa"),
    )
    # Two processes share the cores. Threads beyond them wait for each other: a training step of 1.2 s took 20 s so.
    threads = {"OMP_NUM_THREADS": str(max((os.cpu_count() or 1) // 2, 1)), **environment}
    return Program(name="worker", arguments=arguments, log_path=log_path, environment=threads, folder=folder)


def command_program(command: str, *, log_path: Path, environment: Mapping[str, str], folder: Path) -> Program:
    """One management command, such as `migrate`, in a process of its own."""
    arguments = ("-m", "django", *command.split())
    return Program(name=command, arguments=arguments, log_path=log_path, environment=environment, folder=folder)
