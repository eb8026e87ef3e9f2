"""Read values out of a JSON file that is too large for the memory: the wanted ones, one after another."""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

CHUNK = 1 << 20
_SPACE = re.compile(r"[ \t\n\r]*")
Keys = tuple[str, ...]


class _Text:
    """A window onto the file: what was read and not yet used."""

    def __init__(self, file: TextIO, name: str) -> None:
        self._file, self._name = file, name
        self._buffer, self._place = "", 0
        self._decoder = json.JSONDecoder()

    def peek(self) -> str:
        """The next character that is no space, "" at the end."""
        while True:
            if (space := _SPACE.match(self._buffer, self._place)) is not None:
                self._place = space.end()
            if self._place < len(self._buffer):
                return self._buffer[self._place]
            if not self._more():
                return ""

    def take(self, *expected: str) -> str:
        """The next character, which must be one of these."""
        found = self.peek()
        if found not in expected or not found:
            raise ValueError(f"{self._name} is no JSON: {found or 'its end'!r} where {' or '.join(expected)} belongs.")
        self._place += 1
        return found

    def value(self) -> Any:
        """The next whole value."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._buffer, self._place)
            except json.JSONDecodeError as error:
                if not self._more():
                    raise ValueError(f"{self._name} is no JSON, or is cut off: {error.msg}.") from error
                continue
            # A number that ends with the buffer may go on in the file: then it is read again.
            if end < len(self._buffer) or not self._more():
                self._place = min(len(self._buffer), end)
                return value

    def _more(self) -> bool:
        # Reading twice what is there keeps the work linear where one value is longer than a chunk.
        unused = self._buffer[self._place :]
        read = self._file.read(max(CHUNK, len(unused)))
        self._buffer, self._place = unused + read, 0
        return bool(read)


def values_at(path: Path, wanted: Callable[[Keys], bool]) -> Iterator[tuple[Keys, Any]]:
    """Every value whose keys, from the outermost object on, are `wanted`; nothing else stays in memory.

    Only objects are looked into: a list counts as a value that is wanted or not. Raises ValueError for what is no JSON.
    """
    with path.open(encoding="utf-8") as file:
        text = _Text(file, path.name)
        if text.peek() != "{":
            raise ValueError(f"{path.name} begins with {text.peek()!r}: an object with names as its keys is expected.")
        yield from _values_in(text, (), wanted)


def _values_in(text: _Text, above: Keys, wanted: Callable[[Keys], bool]) -> Iterator[tuple[Keys, Any]]:
    text.take("{")
    if text.peek() == "}":
        text.take("}")
        return
    while True:
        keys = (*above, str(text.value()))
        text.take(":")
        if wanted(keys):
            yield keys, text.value()
        elif text.peek() == "{":
            yield from _values_in(text, keys, wanted)
        else:
            text.value()
        if text.take(",", "}") == "}":
            return
