"""A ZIP that is written while it is sent: the JSON, then every picture it names. Stored, undated, ZIP64 throughout."""

import zipfile
from collections.abc import Callable, Iterator

from django.core.files.storage import default_storage

from roiqa.images.models import Image
from roiqa.releases.errors import SnapshotBroken
from roiqa.releases.exports.coco import picture_name
from roiqa.releases.exports.pieces import PIECE_BYTES, Sink
from roiqa.releases.snapshot_file import SnapshotReader

VERSION = 1
JSON_NAME = "annotations.json"
_NO_TIME = (1980, 1, 1, 0, 0, 0)


def archive(
    reader: SnapshotReader, document: Iterator[bytes], *, watch: Callable[[int], None] | None = None
) -> Iterator[bytes]:
    """The archive in pieces. `watch` hears how many pictures are in.

    Pictures are what annotators see (upright, without metadata), so that masks and pixels agree in every tool.
    """
    sink = Sink()
    # Images hardly shrink, and stored bytes are the same whatever compressor is installed.
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as target:
        yield from _member(target, sink, JSON_NAME, document)
        for image in reader.images():
            picture = _picture(Image(sha256=image.record["sha256"]).display_key)
            yield from _member(target, sink, picture_name(image.record), picture)
            if watch is not None:
                watch(image.number)
    yield sink.take()


def _member(target: zipfile.ZipFile, sink: Sink, name: str, content: Iterator[bytes]) -> Iterator[bytes]:
    about = zipfile.ZipInfo(name, date_time=_NO_TIME)
    about.create_system = 3  # the same on every machine
    about.external_attr = 0o644 << 16
    with target.open(about, "w", force_zip64=True) as member:
        for piece in content:
            member.write(piece)
            yield sink.take()


def _picture(key: str) -> Iterator[bytes]:
    try:
        with default_storage.open(key, "rb") as stored:
            while piece := stored.read(PIECE_BYTES):
                yield piece
    except FileNotFoundError:
        raise SnapshotBroken(f"the picture {key} is gone from storage") from None
