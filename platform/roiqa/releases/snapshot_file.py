"""The canonical file of a release: JSON lines, written once, read from its beginning as often as one likes.

The first line is `{"header": ...}`; then each image, `{"image": ...}`, is followed by its ROIs, `{"roi": ...}`. Images
are sorted by sha256, ROIs of an image by (mask sha256, id), ratings of an ROI by (pseudonym, revision); keys are
sorted, ASCII only, no blanks. Nothing in it depends on when or how often it was written. The release's hash is the
sha256 of these bytes; in storage they are compressed (gzip).
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, NamedTuple

from django.core.files.storage import default_storage

from roiqa.releases.errors import SnapshotBroken

# 1: labels of the counted votes. 2: with corrected means, labels of other votes, and how the votes were collected.
FORMAT_VERSION = 2
_READABLE = (1, 2)
# Half the time of level 6 for a file a tenth larger.
_GZIP_LEVEL = 4
_STEP_ROIS = 200

Record = dict[str, Any]
canonical_json = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode


class SnapshotWriter:
    """Writes lines and hashes them before they are compressed."""

    def __init__(self, target: IO[bytes]) -> None:
        # No name and no time in the gzip header: equal content, equal file.
        self._file = gzip.GzipFile(filename="", mode="wb", fileobj=target, compresslevel=_GZIP_LEVEL, mtime=0)
        self._hash = hashlib.sha256()
        self._lines: list[str] = []

    def header(self, record: Mapping[str, Any]) -> None:
        self._lines.append(canonical_json({"header": record}))

    def image(self, record: Mapping[str, Any]) -> None:
        self._lines.append(canonical_json({"image": record}))

    def roi(self, record: Mapping[str, Any]) -> None:
        self._lines.append(canonical_json({"roi": record}))

    def flush(self) -> None:
        piece = "".join(f"{line}\n" for line in self._lines).encode("ascii")
        self._lines.clear()
        self._hash.update(piece)
        self._file.write(piece)

    def finish(self) -> str:
        """Complete the file; answers the sha256 of the uncompressed bytes."""
        self.flush()
        self._file.close()
        return self._hash.hexdigest()


class FrozenImage(NamedTuple):
    """An image and its number among the release's images, from 1."""

    number: int
    record: Record


class FrozenROI(NamedTuple):
    """An ROI, its image, and its number among the release's ROIs, from 1."""

    number: int
    image: FrozenImage
    record: Record


class SnapshotReader:
    """Reads a stored snapshot. Every iteration opens the file anew and holds one line at a time."""

    def __init__(self, key: str, *, watch: Callable[[int], None] | None = None) -> None:
        """Reads the header. `watch` hears now and then how many ROIs of an iteration were read.

        Raises SnapshotBroken when there is no such file or it is none of ours.
        """
        self._key = key
        self._watch = watch
        with self._lines() as lines:
            first = json.loads(next(lines, b"{}"))
        if "header" not in first or first["header"].get("snapshot") not in _READABLE:
            raise SnapshotBroken("its first line is no header that this version knows")
        self.header: Record = first["header"]

    def images(self) -> Iterator[FrozenImage]:
        number = 0
        with self._lines() as lines:
            for line in lines:
                if line.startswith(b'{"image":'):
                    number += 1
                    yield FrozenImage(number, json.loads(line)["image"])
        self._check(number, "images")

    def rois(self) -> Iterator[FrozenROI]:
        image, number = FrozenImage(0, {}), 0
        with self._lines() as lines:
            for line in lines:
                if line.startswith(b'{"roi":'):
                    number += 1
                    if self._watch is not None and number % _STEP_ROIS == 0:
                        self._watch(number)
                    yield FrozenROI(number, image, json.loads(line)["roi"])
                elif line.startswith(b'{"image":'):
                    image = FrozenImage(image.number + 1, json.loads(line)["image"])
        self._check(number, "rois")

    def _check(self, found: int, what: str) -> None:
        if found != self.header["counts"][what]:
            raise SnapshotBroken(f"it holds {found:,} {what}, its header says {self.header['counts'][what]:,}")

    @contextmanager
    def _lines(self) -> Iterator[Iterator[bytes]]:
        try:
            with (
                default_storage.open(self._key, "rb") as stored,
                gzip.open(stored, "rb") as plain,
            ):
                yield iter(plain)
        except FileNotFoundError:
            raise SnapshotBroken("it is gone from storage") from None
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise SnapshotBroken(str(error)) from error
