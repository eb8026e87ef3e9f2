"""Fences around work that takes a processor for long: how much at once, how much waits, how much per person.

They count in the memory of one process: each web process has processors of its own to defend, and a count in the
database would cost more than many of the requests.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore, Lock

from roiqa.core.errors import TooManyRequests


class BoundedQueue:
    """At most `at_once` hold it, at most `waiting` wait for it, each at most `patience_seconds`; others are sent away."""

    def __init__(self, *, at_once: int, waiting: int, patience_seconds: float) -> None:
        self._running = BoundedSemaphore(at_once)
        self._inside = BoundedSemaphore(at_once + waiting)
        self._patience_seconds = patience_seconds

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Raises TooManyRequests (`busy`)."""
        if not self._inside.acquire(blocking=False):
            raise _busy()
        try:
            if not self._running.acquire(timeout=self._patience_seconds):
                raise _busy()
            try:
                yield
            finally:
                self._running.release()
        finally:
            self._inside.release()


def _busy() -> TooManyRequests:
    return TooManyRequests("The server is decoding as much as it can: try again.", retry_after_seconds=1, code="busy")


class RateLimit:
    """So many per minute and key, a sixth of a minute's worth in one burst. Keys are forgotten when they are full."""

    def __init__(self, *, per_minute: int, clock: Callable[[], float] = time.monotonic, max_keys: int = 10_000) -> None:
        self._per_second = per_minute / 60
        self._burst = max(1.0, per_minute / 6)
        self._clock = clock
        self._max_keys = max_keys
        # What each key has left, and when that was so.
        self._left: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def spend(self, key: Hashable) -> None:
        """Take one. Raises TooManyRequests (`too_many_requests`) with the seconds until there is one again."""
        now = self._clock()
        with self._lock:
            left, at = self._left.pop(key, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._per_second)
            allowed = left >= 1
            self._left[key] = (left - 1 if allowed else left, now)
            if len(self._left) > self._max_keys:
                self._left.popitem(last=False)
        if not allowed:
            wait = math.ceil((1 - left) / self._per_second)
            raise TooManyRequests(
                f"More than {self._per_second * 60:.0f} a minute: wait {wait} s.", retry_after_seconds=wait
            )
