"""The methods page of a release: its numbers are computed once and kept, and written out whenever they are asked for."""

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from typing import Final, Literal

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction

from roiqa import __version__
from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.releases.errors import MethodsNotPrepared, ReleaseNotReady
from roiqa.releases.methods.facts import VERSION, methods_facts
from roiqa.releases.methods.html import to_html
from roiqa.releases.methods.pdf import to_pdf
from roiqa.releases.methods.writing import methods_document
from roiqa.releases.models import Release, ReleaseState
from roiqa.releases.snapshot_file import Record, SnapshotReader

KIND: Final = "methods"
# Up to so many votes the numbers are computed while somebody waits: about three seconds.
SMALL_RELEASE_RATINGS: Final = 30_000
FORMATS: Final = {"html": "text/html; charset=utf-8", "pdf": "application/pdf"}
# Raise it when the page is written otherwise.
_WRITING: Final = 1

Format = Literal["html", "pdf"]


@dataclass(frozen=True, slots=True)
class MethodsPage:
    """A methods page as one file."""

    release: Release
    format: Format

    @property
    def tag(self) -> str:
        """Names these bytes, as far as the same libraries write them."""
        kind = f"methods {VERSION} {_WRITING} {__version__} {self.format} reportlab {version('reportlab')}"
        return hashlib.sha256(f"{self.release.content_sha256} {self.release.number} {kind}".encode()).hexdigest()

    @property
    def file_name(self) -> str:
        return f"{self.release.study.slug}-release-{self.release.number}-methods.{self.format}"

    @property
    def content_type(self) -> str:
        return FORMATS[self.format]

    def content(self) -> bytes:
        """The file. Raises MethodsNotPrepared for a large release whose numbers were not computed yet."""
        facts = _kept(self.release)
        if facts is None:
            if not is_small(self.release):
                raise MethodsNotPrepared(self.release.number)
            facts = _compute(self.release)
        document = methods_document(facts, release=self.release.number, content_sha256=self.release.content_sha256)
        return to_pdf(document) if self.format == "pdf" else to_html(document).encode()


def methods_page(release: Release, *, written_as: Format) -> MethodsPage:
    """Raises ReleaseNotReady."""
    _check_ready(release)
    return MethodsPage(release=release, format=written_as)


def order_methods(*, release: Release, by: User) -> Job | None:
    """The job that computes a large release's numbers; None when they are there, or are computed when they are read.

    A job that is under way already is answered with. Raises ReleaseNotReady.
    """
    _check_ready(release)
    if is_prepared(release):
        return None
    payload: dict[str, object] = {"release": str(release.pk)}
    with transaction.atomic():
        # Two people may ask at once: the second waits, and finds the first one's job.
        Release.objects.select_for_update(no_key=True).get(pk=release.pk)
        job = Job.objects.filter(kind=KIND, payload=payload, finished_at=None).first()
        if job is None:
            job = jobs.start(kind=KIND, payload=payload, user_id=by.pk, study_slug=release.study.slug, total=1)
    return job


def is_prepared(release: Release) -> bool:
    """Can the page of this ready release be written while somebody waits?"""
    return is_small(release) or default_storage.exists(_key(release))


def is_small(release: Release) -> bool:
    return int(release.counts["ratings"]) <= SMALL_RELEASE_RATINGS


@jobs.runs(KIND)
def _run(progress: jobs.Progress) -> None:
    release = Release.objects.get(pk=progress.job.payload["release"])
    with progress.alive():
        _compute(release)
    progress.step(1)


def _check_ready(release: Release) -> None:
    if release.state != ReleaseState.READY:
        raise ReleaseNotReady(number=release.number, state=release.state, failure=release.failure)


def _key(release: Release) -> str:
    """Content-addressed: releases of the same content share their numbers."""
    return f"releases/methods/{release.content_sha256[:2]}/{release.content_sha256}-{VERSION}.json"


def _kept(release: Release) -> Record | None:
    try:
        with default_storage.open(_key(release), "rb") as stored:
            facts: Record = json.loads(stored.read())
    except FileNotFoundError:
        return None
    return facts


def _compute(release: Release) -> Record:
    # Through JSON, so that the first page is made of the very values that later ones are.
    text = json.dumps(methods_facts(SnapshotReader(release.snapshot_key)))
    key = _key(release)
    if not default_storage.exists(key):
        default_storage.save(key, ContentFile(text.encode()))
    facts: Record = json.loads(text)
    return facts
