"""Where an import's files come from: a folder, a zip, single files. Listed first, read one by one later."""

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from roiqa.core.errors import Invalid
from roiqa.studies.imports.names import NameRefused, clean_name, is_litter
from roiqa.studies.imports.report import Refusal

# COCO files are read into memory as a whole.
MAX_JSON_BYTES = 512 * 1024 * 1024


class SourceRefused(Invalid):
    """A file that is not even looked into."""

    default_code = "file_refused"


@dataclass(frozen=True)
class Source:
    """One file to import. `read(limit)` gives its bytes; it raises SourceRefused if there are more than `limit`."""

    name: str
    read: Callable[[int], bytes]

    @property
    def is_json(self) -> bool:
        return self.name.lower().endswith(".json")


def too_many_bytes(limit: int) -> SourceRefused:
    return SourceRefused(f"The file has more than {limit:,} bytes, the most that is taken.", code="file_too_large")


def file_source(path: Path, name: str) -> Source:
    """A file on this machine's disk."""

    def read(limit: int) -> bytes:
        try:
            # The name may have been exchanged for a link since it was listed.
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(descriptor, "rb") as handle:
                data = handle.read(limit + 1)
        except OSError as error:
            raise SourceRefused(f"The file cannot be read: {error.strerror}.", code="file_unreadable") from error
        if len(data) > limit:
            raise too_many_bytes(limit)
        return data

    return Source(name=name, read=read)


def folder_entries(folder: Path, *, with_json: bool) -> Iterator[Source | Refusal]:
    """Every file below the folder in the order of names, under its relative path; links are refused, not followed.

    A link may point at anything this process may read, and its target would be imported under a harmless name.
    `with_json` says whether JSON files are taken as COCO files or passed over.
    """
    for path in _walk(folder):
        relative = str(path.relative_to(folder))
        if is_litter(relative):
            continue
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode):
            yield Refusal(relative, "It is a symbolic link: links are not followed; copy the file.", "symlink")
            continue
        if not stat.S_ISREG(mode):
            yield Refusal(relative, "It is neither a file nor a folder.", "not_a_file")
            continue
        try:
            source = file_source(path, clean_name(relative))
        except NameRefused as refused:
            yield Refusal.of(relative, refused)
            continue
        if with_json or not source.is_json:
            yield source


def _walk(folder: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(Path(entry.path))
        else:
            yield Path(entry.path)
