"""Stop a run by SIGINT or SIGTERM: the step under way ends, a checkpoint is kept, and the process leaves in order."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Cancellation:
    """Set by the first signal; a second one falls through to the usual handler and ends the process at once."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None

    @property
    def requested(self) -> bool:
        return self.signal is not None


@contextmanager
def cancellation() -> Iterator[Cancellation]:
    """Listen while the body runs; the handlers before come back after it. Only in the main thread."""
    state = Cancellation()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def heard(number: int, frame: FrameType | None) -> None:
        state.signal = signal.Signals(number)
        for one, handler in before.items():
            signal.signal(one, handler)

    for number in SIGNALS:
        signal.signal(number, heard)
    try:
        yield state
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
