"""`manage.py import_images STUDY PATH [--coco JSON]`: the import of the web page, without a worker."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError

from roiqa.core import audit
from roiqa.core.errors import DomainError
from roiqa.regions.models import Level
from roiqa.studies import embeddings, region_trees
from roiqa.studies.imports.archives import archive_entries, looks_like_zip, open_archive
from roiqa.studies.imports.names import NameRefused, clean_name
from roiqa.studies.imports.pipeline import Import, Options
from roiqa.studies.imports.report import Refusal, Report
from roiqa.studies.imports.sources import Source, file_source, folder_entries
from roiqa.studies.models import Study


class Command(BaseCommand):
    help = (
        "Import images and regions into a study: a folder (with its subfolders), a zip, one image, or one COCO JSON for "
        "images that are there already. Repeating an import changes nothing. Exit code 1 if anything was refused."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("study", help="the study's slug")
        parser.add_argument("path", type=Path, help="folder, zip, image or COCO JSON")
        parser.add_argument("--coco", type=Path, metavar="JSON", help="regions (COCO RLE or polygons) of the images")
        parser.add_argument(
            "--level",
            choices=Level.values,
            default=Level.COMPONENT,
            help="level of regions whose file does not say one (default: component)",
        )
        parser.add_argument("--source", default="", metavar="TEXT", help="where the images are from; noted with each")
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(slug=options["study"]).first()
        if study is None:
            raise CommandError(f"There is no study {options['study']!r}: see the address of its page for its slug.")
        if len(options["source"]) > 200:
            raise CommandError("--source is longer than 200 characters.")
        checkpoint = Terminal(sys.stderr)
        work = Import(
            study_id=study.pk,
            user_id=None,
            options=Options(level=Level(options["level"]), source=options["source"]),
            checkpoint=checkpoint,
        )
        try:
            with _opened(options["path"], options["coco"]) as entries:
                report = work.run(entries)
        except DomainError as error:
            raise CommandError(error.detail) from error
        finally:
            checkpoint.clear()
        audit.record(actor_id=None, action="images_imported", study_slug=study.slug, summary=report.summary())
        if report.images_added:
            # Left to the worker: an import must not wait for it, and this process need not be able to import `ml`.
            region_trees.start_for_study(study_id=study.pk, user_id=None)
            embeddings.start_for_study(study=study, user_id=None)
        if options["json"]:
            self.stdout.write(json.dumps(report.as_json(), indent=2))
        else:
            self._print(report, with_summary=options["verbosity"] > 0)
        if report.refused_count:
            sys.exit(1)

    def _print(self, report: Report, *, with_summary: bool) -> None:
        for refusal in report.refused:
            self.stdout.write(f"refused {refusal.file}: {refusal.reason} [{refusal.code}]")
        if report.refused_count > len(report.refused):
            self.stdout.write(f"... and {report.refused_count - len(report.refused)} more")
        if with_summary:
            self.stdout.write(report.summary())


class Terminal:
    """Progress on one line of a terminal; nothing where nobody watches."""

    def __init__(self, stream: TextIO) -> None:
        self.done = 0
        self.report = Report()
        self._stream = stream
        self._watched = stream.isatty()

    def expect(self, total: int) -> None:
        """The messages of the steps say how many there are."""

    def save(self, done: int) -> None:
        self.done = done

    def step(self, done: int, message: str) -> None:
        if self._watched:
            self._stream.write(f"\r\x1b[K{message}")
            self._stream.flush()

    def clear(self) -> None:
        if self._watched:
            self._stream.write("\r\x1b[K")
            self._stream.flush()


@contextmanager
def _opened(path: Path, coco: Path | None) -> Iterator[list[Source | Refusal]]:
    """What PATH and --coco hold. JSON files inside a folder count as COCO unless --coco names the one that is meant."""
    try:
        # Named as COCO by hand, so taken as JSON whatever its extension.
        extra = [file_source(coco.resolve(strict=True), f"{coco.stem}.json")] if coco else []
        # A link given by hand is meant; links found inside are not followed.
        meant = path.resolve(strict=True)
        if meant.is_dir():
            yield [*folder_entries(meant, with_json=coco is None), *extra]
            return
        with meant.open("rb") as handle:
            head = handle.read(8)
            if not looks_like_zip(meant.name, head):
                yield [file_source(meant, clean_name(meant.name)), *extra]
                return
            with open_archive(handle) as archive:
                members = archive_entries(archive)
                yield [*(m for m in members if not (coco and isinstance(m, Source) and m.is_json)), *extra]
    except OSError as error:
        raise CommandError(f"{error.filename or path}: {error.strerror}.") from error
    except NameRefused as error:
        raise CommandError(f"{path}: {error.detail}") from error
