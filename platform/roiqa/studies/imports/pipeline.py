"""The import itself: images first, decoded in parallel and written in batches; then the regions of the COCO files.

Work is counted in units (a file, an annotation) in an order that is the same every time. Each batch commits its rows
together with the report and the number of units done, so an import that is broken off and run again goes on where it
was, counts nothing twice and ends with the same report as one that was never broken off.
"""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import PurePosixPath
from typing import Protocol, TypeVar

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import transaction

from roiqa.core.errors import Invalid
from roiqa.images import removal
from roiqa.images.decoding import decode_image, largest_file, sha256_of
from roiqa.images.formats import format_of
from roiqa.images.models import Image
from roiqa.images.split import split_of
from roiqa.images.storage import keep_files
from roiqa.regions.models import Level
from roiqa.studies.content import IncomingImage, add_images
from roiqa.studies.drawing import NewROI, add_rois, check_area
from roiqa.studies.imports.coco import Annotation, CocoFile, CocoRefused, decode_mask, read_coco
from roiqa.studies.imports.matching import Candidate, Candidates
from roiqa.studies.imports.report import Refusal, Report
from roiqa.studies.imports.sources import MAX_JSON_BYTES, Source
from roiqa.studies.models import StudyImage

IMAGES_PER_BATCH = 32
ROIS_PER_BATCH = 500
# Decoding holds whole pictures in memory, so the number of threads is bounded as well as that of processors.
MAX_THREADS = 4
HASH_DIGITS = 64

Item = TypeVar("Item")


class Checkpoint(Protocol):
    """Where an import keeps how far it is."""

    done: int
    report: Report

    def expect(self, total: int) -> None: ...

    def save(self, done: int) -> None:
        """Inside the batch's transaction: `report` as it is now and this many units belong to it."""

    def step(self, done: int, message: str) -> None:
        """Outside transactions, often: about this far. May raise to stop the import."""


@dataclass(frozen=True)
class Options:
    """`level` is for regions whose file does not say one; `source` is noted with every image."""

    level: Level = Level.COMPONENT
    source: str = ""


@dataclass
class Import:
    study_id: int
    user_id: int | None
    options: Options
    checkpoint: Checkpoint
    # Images of this import under the names that they came with, which the study may have had to change.
    arrived: list[Candidate] = field(default_factory=list)

    def run(self, entries: Sequence[Source | Refusal]) -> Report:
        """Import everything; answers the report. Raises Conflict (`study_closed`), and whatever stops the checkpoint."""
        pictures = [entry for entry in entries if isinstance(entry, Refusal) or not entry.is_json]
        documents = [self._document(entry) for entry in entries if isinstance(entry, Source) and entry.is_json]
        read = [document for document in documents if isinstance(document, CocoFile)]
        self.checkpoint.expect(len(pictures) + len(documents) + sum(len(document.rows) for document in read))
        self._pictures(pictures)
        done = len(pictures)
        for document in documents:
            self._finish(done + 1, refused=[document] if isinstance(document, Refusal) else [])
            done += 1
        if read:
            here, there = Candidates(self.arrived), Candidates(_images_of(self.study_id))
            for document in read:
                self._regions(document, here, there, first_unit=done)
                done += len(document.rows)
        return self.checkpoint.report

    def _document(self, source: Source) -> CocoFile | Refusal:
        try:
            return read_coco(source.read(MAX_JSON_BYTES), name=source.name)
        except Invalid as refused:
            return Refusal.of(source.name, refused)

    def _finish(self, done: int, *, refused: Iterable[Refusal] = ()) -> None:
        """Count units that write no rows. Units that an earlier attempt counted stay counted once."""
        if done <= self.checkpoint.done:
            return
        for refusal in refused:
            self.checkpoint.report.refuse(refusal)
        self.checkpoint.save(done)

    # Pictures.

    def _pictures(self, entries: Sequence[Source | Refusal]) -> None:
        done = 0
        for batch in _batches(self._prepared(entries), IMAGES_PER_BATCH):
            self._write_pictures(batch, first_unit=done)
            done += len(batch)

    def _write_pictures(self, batch: Sequence[IncomingImage | Refusal], *, first_unit: int) -> None:
        report, done_before = self.checkpoint.report, self.checkpoint.done
        with transaction.atomic():
            removal.hold_files_still()
            batch = _without_removed(batch)
            incoming = [item for item in batch if isinstance(item, IncomingImage)]
            placed = iter(add_images(study_id=self.study_id, incoming=incoming))
            for unit, item in enumerate(batch, start=first_unit):
                counts = unit >= done_before
                if isinstance(item, Refusal):
                    if counts:
                        report.refuse(item)
                    continue
                place, is_new = next(placed)
                image = place.image
                self.arrived.append(Candidate(image.pk, image.sha256, image.width, image.height, item.file_name))
                if counts:
                    report.images_added += is_new
                    report.images_known += not is_new
            done = first_unit + len(batch)
            if done > done_before:
                self.checkpoint.save(done)

    def _prepared(self, entries: Sequence[Source | Refusal]) -> Iterator[IncomingImage | Refusal]:
        """Each entry in order, decoded and its files stored; threads work ahead by a few pictures."""
        # Twice the processors: half of a picture's time is waiting for the disk to have its three files for certain.
        threads = min(MAX_THREADS, 2 * (os.cpu_count() or 1))
        waiting: deque[Callable[[], IncomingImage | Refusal]] = deque()
        with ThreadPoolExecutor(threads, thread_name_prefix="decode") as pool:
            try:
                for number, entry in enumerate(entries):
                    waiting.append(self._prepare(entry, pool))
                    # At every picture, not at every batch: a batch of large ones outlasts a job's lease.
                    self.checkpoint.step(max(number, self.checkpoint.done), f"Images: {number} of {len(entries)}")
                    if len(waiting) > 2 * threads:
                        yield waiting.popleft()()
                while waiting:
                    yield waiting.popleft()()
            finally:
                pool.shutdown(wait=True, cancel_futures=True)

    def _prepare(self, entry: Source | Refusal, pool: ThreadPoolExecutor) -> Callable[[], IncomingImage | Refusal]:
        if isinstance(entry, Refusal):
            return lambda: entry
        max_pixels = settings.IMAGE_MAX_PIXELS
        try:
            data = entry.read(largest_file(max_pixels))
            format_of(data, file_name=entry.name)
        except Invalid as refused:
            refusal = Refusal.of(entry.name, refused)
            return lambda: refusal
        known = Image.objects.filter(sha256=sha256_of(data)).first() or _shown_as(data, entry.name)
        if known is not None:
            # Its row says that its files are stored: nothing to decode.
            incoming = IncomingImage(known, entry.name, self.options.source)
            return lambda: incoming
        decoding: Future[Image] = pool.submit(_decode_and_store, data, entry.name, max_pixels)

        def result() -> IncomingImage | Refusal:
            try:
                return IncomingImage(decoding.result(), entry.name, self.options.source)
            except Invalid as refused:
                return Refusal.of(entry.name, refused)

        return result

    # Regions.

    def _regions(self, document: CocoFile, here: Candidates, there: Candidates, *, first_unit: int) -> None:
        start = max(0, self.checkpoint.done - first_unit)
        done = first_unit + start
        for batch in _batches(document.annotations(start=start), ROIS_PER_BATCH):
            report = self.checkpoint.report
            with transaction.atomic():
                rois: list[NewROI] = []
                for row in batch:
                    try:
                        rois.append(self._region(row, document, here, there))
                    except Invalid as refused:
                        label = row.id if isinstance(row, Annotation) else row[0]
                        report.refuse(Refusal.of(f"{document.name} annotation {label}", refused))
                is_new = add_rois(study_id=self.study_id, rois=rois, user_id=self.user_id)
                report.rois_added += sum(is_new)
                report.rois_known += len(is_new) - sum(is_new)
                done += len(batch)
                self.checkpoint.save(done)
            self.checkpoint.step(done, f"Regions: {done - first_unit} of {len(document.rows)} in {document.name}")

    def _region(
        self, row: Annotation | tuple[str, CocoRefused], document: CocoFile, here: Candidates, there: Candidates
    ) -> NewROI:
        if not isinstance(row, Annotation):
            raise row[1]
        image = here.find(row.image) or there.find(row.image)
        if image is None:
            raise CocoRefused(
                f"The image {row.image.file_name[:200]!r} is not in the study: import it as well.",
                code="image_not_in_study",
            )
        mask = decode_mask(row.segmentation, image=row.image, height=image.height, width=image.width)
        check_area(mask)
        return NewROI(
            image_id=image.image_id,
            mask=mask,
            level=row.level or self.options.level,
            name=row.name,
            provenance={"tool": "import", "file": document.name, "annotation": row.id},
        )


def _batches(items: Iterator[Item], size: int) -> Iterator[list[Item]]:
    while batch := list(islice(items, size)):
        yield batch


def _without_removed(batch: Sequence[IncomingImage | Refusal]) -> list[IncomingImage | Refusal]:
    """The batch with a refusal for what somebody removed from the installation since its files were stored."""
    gone = removal.taken_away([item.image for item in batch if isinstance(item, IncomingImage)])
    return [_removed(item) if isinstance(item, IncomingImage) and item.image.sha256 in gone else item for item in batch]


def _removed(item: IncomingImage) -> Refusal:
    detail = "It was being removed from the installation at this very moment: import it again."
    return Refusal.of(item.file_name, Invalid(detail, code="image_removed"))


def _shown_as(data: bytes, name: str) -> Image | None:
    """The image whose display copy this is: exports hold those copies, named after the original's hash.

    Without this an export imported again would bring every picture a second time, with another hash and split.
    """
    named = PurePosixPath(name).stem
    image = Image.objects.filter(sha256=named).first() if len(named) == HASH_DIGITS else None
    if image is None or not default_storage.exists(image.display_key):
        return None
    with default_storage.open(image.display_key, "rb") as stored:
        return image if stored.read() == data else None


def _decode_and_store(data: bytes, name: str, max_pixels: int) -> Image:
    """The new image's row, not written yet, with its files in storage. Runs in a thread: touches no database."""
    decoded = decode_image(data, file_name=name, max_pixels=max_pixels)
    image = Image(
        sha256=decoded.sha256,
        split=split_of(decoded.sha256),
        width=decoded.width,
        height=decoded.height,
        format=decoded.format,
        byte_size=decoded.byte_size,
    )
    keep_files(image, decoded, original=data)
    return image


def _images_of(study_id: int) -> Iterator[Candidate]:
    rows = StudyImage.objects.filter(study_id=study_id, for_gold=False).values_list(
        "image_id", "image__sha256", "image__width", "image__height", "file_name"
    )
    return (Candidate(*row) for row in rows.iterator())
