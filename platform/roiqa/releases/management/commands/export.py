"""`manage.py export RELEASE --format F --output PATH`: an export without the web server."""

import os
import secrets
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from roiqa.core.errors import DomainError
from roiqa.releases.exports.formats import FORMATS, export_of
from roiqa.releases.models import Release


class Command(BaseCommand):
    help = "Write an export of a release to a file. The same release and format give the same bytes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("release", help="the release's id, or STUDY@NUMBER such as mountains@2")
        parser.add_argument("--format", required=True, choices=list(FORMATS), help="what to write")
        parser.add_argument("--output", required=True, type=Path, metavar="PATH", help="the file to write")
        parser.add_argument("--images", action="store_true", help="with the pictures, as a ZIP (seagull and coco)")
        parser.add_argument("--force", action="store_true", help="replace the file if it is there")

    def handle(self, *args: Any, **options: Any) -> None:
        output: Path = options["output"]
        if output.exists() and not (options["force"] and output.is_file()):
            remedy = "name another, or give --force to replace it" if output.is_file() else "it is not a file: name one"
            raise CommandError(f"{output} is there already: {remedy}.")
        try:
            export = export_of(_release(options["release"]), name=options["format"], images=options["images"])
            _write(output.resolve(), export.pieces())
        except DomainError as error:
            raise CommandError(error.detail) from error
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}. Nothing was written.") from error
        self.stdout.write(
            f"{output}: {output.stat().st_size:,} bytes, {export.format.name} of {export.release.content_sha256}"
        )


def _release(name: str) -> Release:
    releases = Release.objects.select_related("study")
    slug, at, number = name.rpartition("@")
    if at and number.isdecimal():
        release = releases.filter(study__slug=slug, number=number).first()
    else:
        try:
            release = releases.filter(pk=UUID(name)).first()
        except ValueError:
            raise CommandError(f"{name!r} is neither a release's id nor STUDY@NUMBER, such as mountains@2.") from None
    if release is None:
        raise CommandError(f"There is no release {name}: `manage.py freeze STUDY` makes one.")
    return release


def _write(target: Path, pieces: Iterator[bytes]) -> None:
    """Write beside the target, then move: whoever looks sees no file, the old one, or the whole new one."""
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
