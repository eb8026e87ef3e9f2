"""What a process keeps in memory to use again, with a bound in bytes. The longest unused goes first."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Value = TypeVar("Value")


class ByteCache(Generic[Value]):
    """Safe from many threads. A value larger than the bound is handed out and not kept."""

    def __init__(self, *, max_bytes: int, size_of: Callable[[Value], int]) -> None:
        self._max_bytes = max_bytes
        self._size_of = size_of
        self._values: OrderedDict[Hashable, Value] = OrderedDict()
        self._lock = Lock()
        self.byte_size = 0

    def get(self, key: Hashable, make: Callable[[], Value]) -> Value:
        """The value of the key, made if it is not there. Two threads may both make it; one of the two is kept."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        size = self._size_of(value)
        with self._lock:
            if key not in self._values and size <= self._max_bytes:
                self._values[key] = value
                self.byte_size += size
                while self.byte_size > self._max_bytes:
                    _, dropped = self._values.popitem(last=False)
                    self.byte_size -= self._size_of(dropped)
        return value

    def clear(self) -> None:
        with self._lock:
            self._values.clear()
            self.byte_size = 0
