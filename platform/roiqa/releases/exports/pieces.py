"""Pieces of a file that is made while it is sent: large enough to be cheap, small enough to keep memory flat."""

from collections.abc import Iterator

PIECE_BYTES = 128 * 1024


def encoded(texts: Iterator[str]) -> Iterator[bytes]:
    """The texts one after the other as UTF-8, in pieces of about PIECE_BYTES."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size >= PIECE_BYTES:
            yield "".join(waiting).encode()
            waiting.clear()
            size = 0
    if waiting:
        yield "".join(waiting).encode()


class Sink:
    """A file that can only be written to: it hands over what a writer (zip, Parquet) has put into it so far."""

    closed = False

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        self.size = 0

    def write(self, data: bytes) -> int:
        # A copy: a writer may reuse its buffer.
        self._waiting.append(bytes(data))
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held back."""

    def close(self) -> None:
        """The writer is done; what it wrote last is still there to take."""

    def take(self) -> bytes:
        taken = b"".join(self._waiting)
        self._waiting.clear()
        return taken
