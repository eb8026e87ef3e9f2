"""Imports as jobs: uploads are parked in storage, a worker imports them, and what was parked is removed at the end."""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from roiqa.accounts.models import User
from roiqa.core import audit, jobs
from roiqa.core.errors import NotFound
from roiqa.core.models import Job, JobState
from roiqa.regions.models import Level
from roiqa.studies import embeddings, region_trees
from roiqa.studies.content import lock_content
from roiqa.studies.imports.archives import archive_entries, looks_like_zip, open_archive
from roiqa.studies.imports.names import NameRefused, clean_name
from roiqa.studies.imports.pipeline import Import, Options
from roiqa.studies.imports.report import Refusal, Report
from roiqa.studies.imports.sources import Source, SourceRefused, too_many_bytes
from roiqa.studies.models import Study

KIND = "import"


def start_import(*, user: User, study: Study, files: "Sequence[UploadedFile[Any]]", options: Options) -> Job:
    """Park the uploads and start the job. Raises Conflict (`study_closed`)."""
    remove_left_behind()
    folder = f"incoming/{uuid.uuid4().hex}"
    parked: list[dict[str, str]] = []
    try:
        for number, upload in enumerate(files):
            # The person's file name never becomes a storage key.
            key = default_storage.save(f"{folder}/{number}", upload)
            parked.append({"key": key, "name": upload.name or f"file {number + 1}"})
        with transaction.atomic():
            lock_content(study.pk)
            job = jobs.start(
                kind=KIND,
                payload={
                    "study_id": study.pk,
                    "user_id": user.pk,
                    "level": str(options.level),
                    "source": options.source,
                    "files": parked,
                    "units_done": 0,
                },
                user_id=user.pk,
                study_slug=study.slug,
            )
    except BaseException:
        _delete(parked)
        raise
    return job


@jobs.runs(KIND)
def run_import(progress: jobs.Progress) -> None:
    """Execute an import job, from the beginning or from where an earlier attempt was broken off."""
    job = progress.job
    payload = job.payload
    try:
        if not Study.objects.filter(pk=payload["study_id"]).exists():
            raise NotFound(f"The study {job.study_slug!r} does not exist any more.")
        job.report = job.report or Report().as_json()
        work = Import(
            study_id=payload["study_id"],
            user_id=payload["user_id"],
            options=Options(level=Level(payload["level"]), source=payload["source"]),
            checkpoint=JobCheckpoint(progress),
        )
        with _opened(payload.get("files", [])) as entries:
            report = work.run(entries)
        job.message = report.summary()
        audit.record(
            actor_id=payload["user_id"],
            action="images_imported",
            study_slug=job.study_slug,
            target=str(job.pk),
            summary=job.message,
        )
        if report.images_added:
            region_trees.start_for_study(study_id=payload["study_id"], user_id=payload["user_id"])
            study = Study.objects.get(pk=payload["study_id"])
            embeddings.start_for_study(study=study, user_id=payload["user_id"])
    finally:
        # An attempt that lost its lease must not take the files from its successor.
        if Job.objects.filter(pk=job.pk, attempts=job.attempts).exists():
            _remove_parked(job)


class JobCheckpoint:
    """Progress kept in the job's own row."""

    def __init__(self, progress: jobs.Progress) -> None:
        self._progress = progress
        self.done: int = progress.job.payload["units_done"]
        self.report = Report.from_json(progress.job.report)

    def expect(self, total: int) -> None:
        self._progress.job.done = self.done
        self._progress.expect(total, "Reading the files")

    def save(self, done: int) -> None:
        """Raises JobCancelled if another attempt took the job over: the transaction around it then leaves nothing."""
        job = self._progress.job
        job.report = self.report.as_json()
        job.payload["units_done"] = done
        mine = Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)
        if not mine.update(report=job.report, payload=job.payload):
            raise jobs.JobCancelled
        self.done = done

    def step(self, done: int, message: str) -> None:
        self._progress.step(done, message)


@contextmanager
def _opened(files: Sequence[dict[str, str]]) -> Iterator[list[Source | Refusal]]:
    """Everything to import from the parked files: single files as they are, archives by their members."""
    with ExitStack() as stack:
        entries: list[Source | Refusal] = []
        for file in files:
            handle: Any = stack.enter_context(default_storage.open(file["key"], "rb"))
            head = handle.read(8)
            handle.seek(0)
            try:
                if looks_like_zip(file["name"], head):
                    archive = stack.enter_context(open_archive(handle))
                    entries.extend(archive_entries(archive))
                else:
                    entries.append(_parked_source(file["key"], clean_name(file["name"])))
            except (NameRefused, SourceRefused) as refused:
                entries.append(Refusal.of(file["name"], refused))
        yield entries


def _parked_source(key: str, name: str) -> Source:
    def read(limit: int) -> bytes:
        with default_storage.open(key, "rb") as handle:
            data: bytes = handle.read(limit + 1)
        if len(data) > limit:
            raise too_many_bytes(limit)
        return data

    return Source(name=name, read=read)


def _remove_parked(job: Job) -> None:
    _delete(job.payload.pop("files", []))
    Job.objects.filter(pk=job.pk).update(payload=job.payload)


def _delete(files: Sequence[dict[str, str]]) -> None:
    for file in files:
        default_storage.delete(file["key"])
    if files:
        # On a disk the emptied folder as well; object storage knows no folders and does nothing.
        default_storage.delete(files[0]["key"].rsplit("/", 1)[0])


def remove_left_behind() -> None:
    """Remove what is parked for imports that ended without running: cancelled while they waited, or given up."""
    for job in Job.objects.filter(kind=KIND, finished_at__isnull=False, payload__has_key="files"):
        _remove_parked(job)
