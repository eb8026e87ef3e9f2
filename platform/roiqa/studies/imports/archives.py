"""Zip files from strangers: members are read one by one into memory, and nothing is ever unpacked to a path.

Refused with the reason, member by member while the rest goes on: names that climb, links, encryption, archives in
archives, sizes that only a bomb has. An archive with absurdly many members is refused before its list is read.
"""

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO

from roiqa.studies.imports.names import NameRefused, clean_name, is_litter
from roiqa.studies.imports.report import Refusal
from roiqa.studies.imports.sources import Source, SourceRefused, too_many_bytes

MAX_MEMBERS = 20_000
# Photographs hardly shrink in a zip and JSON shrinks some 20 times; deflate's own limit is 1,032.
MAX_RATIO = 200
RATIO_MATTERS_FROM_BYTES = 1024 * 1024
MAX_TOTAL_BYTES = 64 * 1024**3
_MAX_DIRECTORY_BYTES = 16 * 1024 * 1024
_ENCRYPTED = 0x1
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_ARCHIVES = (".zip", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar", ".zst")


def looks_like_zip(name: str, head: bytes) -> bool:
    return name.lower().endswith(".zip") or head.startswith((b"PK\x03\x04", b"PK\x05\x06"))


def open_archive(handle: IO[bytes]) -> zipfile.ZipFile:
    """The archive. Raises SourceRefused (`archive_broken`, `archive_too_many_members`)."""
    _check_directory(handle)
    try:
        archive = zipfile.ZipFile(handle)
    except (zipfile.BadZipFile, OSError, ValueError, struct.error, NotImplementedError, UnicodeError) as error:
        raise SourceRefused(
            f"The zip is truncated or broken ({error}): pack or copy it again.", code="archive_broken"
        ) from error
    if len(archive.infolist()) > MAX_MEMBERS:
        raise _too_many()
    return archive


def archive_entries(archive: zipfile.ZipFile) -> Iterator[Source | Refusal]:
    """Every member in the archive's order: something to read, or why not."""
    total = 0
    for member in archive.infolist():
        if member.is_dir() or is_litter(member.filename):
            continue
        total += member.file_size
        try:
            name = clean_name(member.filename)
            _check(member, total)
        except (NameRefused, SourceRefused) as refused:
            yield Refusal.of(member.filename[:300], refused)
            continue
        yield _member_source(archive, member, name)


def _check(member: zipfile.ZipInfo, total: int) -> None:
    """Raises SourceRefused for a member that is not to be opened at all."""
    if stat.S_ISLNK(member.external_attr >> 16):
        raise SourceRefused("It is a symbolic link: links are not followed; pack the file itself.", code="symlink")
    if member.flag_bits & _ENCRYPTED:
        raise SourceRefused("It is encrypted: pack it without a password.", code="encrypted")
    if member.filename.lower().endswith(_ARCHIVES):
        raise SourceRefused("It is an archive in an archive: import it on its own.", code="archive_nested")
    if (
        member.file_size > RATIO_MATTERS_FROM_BYTES and member.file_size > MAX_RATIO * max(member.compress_size, 1)
    ) or total > MAX_TOTAL_BYTES:
        raise SourceRefused(
            f"It unpacks from {member.compress_size:,} to {member.file_size:,} bytes, as only a decompression bomb "
            "does: import the file itself.",
            code="archive_bomb",
        )


def _member_source(archive: zipfile.ZipFile, member: zipfile.ZipInfo, name: str) -> Source:
    def read(limit: int) -> bytes:
        if member.file_size > limit:
            raise too_many_bytes(limit)
        try:
            with archive.open(member) as handle:
                data = handle.read(limit + 1)
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
            raise SourceRefused(f"The zip is damaged here ({error}).", code="archive_broken") from error
        except (NotImplementedError, RuntimeError) as error:
            raise SourceRefused(f"It cannot be unpacked ({error}).", code="archive_unsupported") from error
        if len(data) > limit:
            raise too_many_bytes(limit)
        return data

    return Source(name=name, read=read)


def _too_many() -> SourceRefused:
    return SourceRefused(f"The zip has more than {MAX_MEMBERS:,} members: split it.", code="archive_too_many_members")


def _check_directory(handle: IO[bytes]) -> None:
    """Look at what the archive's last bytes say of its list, which zipfile would read into memory whatever its size.

    Source: PKWARE APPNOTE 6.3.10, sections 4.3.14 and 4.3.16.
    """
    size = handle.seek(0, 2)
    start = max(0, size - 65_536 - _END.size - _END_64.size - 20)
    handle.seek(start)
    tail = handle.read()
    handle.seek(0)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise SourceRefused("The zip is truncated or broken (its list of files is missing).", code="archive_broken")
    _, _, _, _, members, directory_bytes, _, _ = _END.unpack_from(tail, at)
    at_64 = tail.rfind(b"PK\x06\x06", 0, at)
    if at_64 >= 0 and len(tail) - at_64 >= _END_64.size:
        _, _, _, _, _, _, _, members, directory_bytes, _ = _END_64.unpack_from(tail, at_64)
    if members > MAX_MEMBERS or directory_bytes > _MAX_DIRECTORY_BYTES:
        raise _too_many()
