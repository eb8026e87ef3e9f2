"""Preparing an export: a job that writes the file to storage once, for downloads that can be resumed and counted."""

from urllib.parse import urlencode

from django.core.files.storage import default_storage
from django.db import transaction
from django.urls import reverse

from roiqa.accounts.models import User
from roiqa.core import audit, jobs
from roiqa.core.models import Job
from roiqa.releases import storage
from roiqa.releases.exports.formats import Export, export_of
from roiqa.releases.models import Release

KIND = "export"


def start_export(*, export: Export, by: User) -> Job:
    """The job that prepares this file. Asking again while this person's job is under way gives the same job."""
    release = export.release
    payload: dict[str, object] = {
        "release": str(release.pk),
        "format": export.format.name,
        "images": export.images,
    }
    with transaction.atomic():
        under_way = Job.objects.filter(kind=KIND, created_by=by, payload=payload, finished_at=None).first()
        if under_way is not None:
            return under_way
        job = jobs.start(kind=KIND, payload=payload, user_id=by.pk, study_slug=release.study.slug, total=export.steps)
        audit.record(
            actor_id=by.pk,
            action="release_exported",
            study_slug=release.study.slug,
            target=str(release.pk),
            number=release.number,
            format=export.format.name,
            images=export.images,
        )
    return job


@jobs.runs(KIND)
def run_export(progress: jobs.Progress) -> None:
    """Write the file under its content-addressed key, unless it is there already."""
    payload = progress.job.payload
    release = Release.objects.select_related("study").get(pk=payload["release"])
    export = export_of(release, name=payload["format"], images=payload["images"])
    progress.expect(export.steps, f"Writing {export.file_name}")
    if default_storage.exists(export.prepared_key):
        size = default_storage.size(export.prepared_key)
    else:
        with storage.incoming_file() as target:
            for piece in export.pieces(watch=progress.step):
                target.write(piece)
            size = storage.keep(target, key=export.prepared_key)
    progress.job.report = {"url": url_of(export), "bytes": size, "file_name": export.file_name}


def url_of(export: Export) -> str:
    """Where the file is downloaded."""
    query = {"format": export.format.name} | ({"images": "1"} if export.images else {})
    return f"{reverse('release-export', args=[export.release.pk])}?{urlencode(query)}"
