"""What a release can be exported as, and everything that a download needs to know of it."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from roiqa.releases.errors import NoImagesInFormat, ReleaseNotReady
from roiqa.releases.exports import archive, coco, instructions, parquet, ratings
from roiqa.releases.exports.pieces import encoded
from roiqa.releases.models import Release, ReleaseState
from roiqa.releases.snapshot_file import SnapshotReader

Watch = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """`make` writes the file in pieces; `version` and `made_with` say when its bytes may differ for one snapshot."""

    name: str
    extension: str
    content_type: str
    version: int
    takes_images: bool
    make: Callable[[SnapshotReader, str, bool], Iterator[bytes]]
    made_with: Callable[[], str] = str


FORMATS: Final = {
    one.name: one
    for one in (
        ExportFormat(
            name="seagull",
            extension="json",
            content_type="application/json",
            version=coco.VERSION,
            takes_images=True,
            make=lambda reader, content, images: encoded(coco.seagull(reader, content, with_images=images)),
        ),
        ExportFormat(
            name="coco",
            extension="json",
            content_type="application/json",
            version=coco.VERSION,
            takes_images=True,
            make=lambda reader, content, images: encoded(coco.coco(reader, content, with_images=images)),
        ),
        ExportFormat(
            name="instructions",
            extension="jsonl",
            content_type="application/x-ndjson",
            version=instructions.VERSION,
            takes_images=False,
            make=lambda reader, content, _images: encoded(instructions.instructions(reader, content)),
        ),
        ExportFormat(
            name="ratings",
            extension="csv",
            content_type="text/csv; charset=utf-8",
            version=ratings.VERSION,
            takes_images=False,
            make=lambda reader, content, _images: encoded(ratings.ratings(reader, content)),
        ),
        ExportFormat(
            name="parquet",
            extension="parquet",
            content_type="application/vnd.apache.parquet",
            version=parquet.VERSION,
            takes_images=False,
            make=lambda reader, content, _images: parquet.parquet(reader, content),
            made_with=parquet.writer_version,
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Export:
    """One file that can be made of a ready release: the same bytes whenever it is made."""

    release: Release
    format: ExportFormat
    images: bool

    @property
    def tag(self) -> str:
        """Names these exact bytes: sha256 of the content's hash, the format and the versions of what writes it."""
        kind = f"{self.format.name} {self.format.version} {self.format.made_with()}"
        if self.images:
            kind += f" zip {archive.VERSION}"
        return hashlib.sha256(f"{self.release.content_sha256} {kind}".encode()).hexdigest()

    @property
    def extension(self) -> str:
        return "zip" if self.images else self.format.extension

    @property
    def content_type(self) -> str:
        return "application/zip" if self.images else self.format.content_type

    @property
    def file_name(self) -> str:
        """Safe everywhere: a slug has letters, digits and hyphens only."""
        return f"{self.release.study.slug}-release-{self.release.number}-{self.format.name}.{self.extension}"

    @property
    def prepared_key(self) -> str:
        """Where in storage the file lies once it was prepared."""
        return f"releases/exports/{self.tag[:2]}/{self.tag}.{self.extension}"

    def pieces(self, *, watch: Watch | None = None) -> Iterator[bytes]:
        """The file, made of the snapshot alone, in pieces. `watch` hears how many ROIs and pictures are done.

        Raises SnapshotBroken at once if the snapshot cannot be opened.
        """
        reader = SnapshotReader(self.release.snapshot_key, watch=watch)
        document = self.format.make(reader, self.release.content_sha256, self.images)
        if not self.images:
            return document
        rois = reader.header["counts"]["rois"]
        return archive.archive(reader, document, watch=watch and (lambda pictures: watch(rois + pictures)))

    @property
    def steps(self) -> int:
        """How many ROIs and pictures `watch` will have heard of at the end."""
        counts = self.release.counts
        return int(counts["rois"] + (counts["images"] if self.images else 0))


def export_of(release: Release, *, name: str, images: bool) -> Export:
    """Raises ReleaseNotReady; NoImagesInFormat when images are asked of a table."""
    if release.state != ReleaseState.READY:
        raise ReleaseNotReady(number=release.number, state=release.state, failure=release.failure)
    chosen = FORMATS[name]
    if images and not chosen.takes_images:
        raise NoImagesInFormat(name, [one.name for one in FORMATS.values() if one.takes_images])
    return Export(release=release, format=chosen, images=images)
