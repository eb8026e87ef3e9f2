"""Signals as something to wait for: a wait ends early when a child dies or somebody asks to stop."""

import os
import select
import signal
from types import FrameType, TracebackType
from typing import Self

from roiqa.launcher.errors import StopRequested

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class SignalWatch:
    """While entered, stop signals raise StopRequested from `sleep` only: never in the middle of starting a process."""

    def __init__(self) -> None:
        self.stop_requested = False
        self._pipe: tuple[int, int] = (-1, -1)
        self._previous: dict[signal.Signals, object] = {}
        self._previous_descriptor = -1

    def __enter__(self) -> Self:
        self._pipe = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._previous_descriptor = signal.set_wakeup_fd(self._pipe[1], warn_on_full_buffer=False)
        for number in (*_STOPPING, signal.SIGCHLD):
            if number is signal.SIGHUP and signal.getsignal(number) is signal.SIG_IGN:
                continue  # started with nohup
            handler = self._child_ended if number is signal.SIGCHLD else self._stop
            self._previous[number] = signal.signal(number, handler)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal itself returned
        signal.set_wakeup_fd(self._previous_descriptor)
        os.close(self._pipe[0])
        os.close(self._pipe[1])

    def sleep(self, seconds: float) -> None:
        """Wait until a signal arrives or the time is over. Raises StopRequested once a stop signal has arrived."""
        if not self.stop_requested:
            readable, _, _ = select.select([self._pipe[0]], [], [], seconds)
            if readable:
                os.read(self._pipe[0], 512)
        if self.stop_requested:
            raise StopRequested

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.stop_requested = True

    def _child_ended(self, number: int, frame: FrameType | None) -> None:
        """Its only work is done by the wake-up descriptor."""
