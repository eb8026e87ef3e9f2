"""What members of a study's staff can read of its releases."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from roiqa.accounts.authentication import signed_in
from roiqa.accounts.models import User
from roiqa.releases.comparison import compare
from roiqa.releases.errors import OtherStudy, ReleaseNotFound, ReleaseNotReady
from roiqa.releases.models import Release, ReleaseState
from roiqa.releases.snapshot_file import Record, SnapshotReader
from roiqa.studies.access import STAFF
from roiqa.studies.models import Study


def releases_of(study: Study) -> QuerySet[Release]:
    return Release.objects.filter(study=study).select_related("study", "created_by")


def release_for(*, user: User | AnonymousUser, release_id: UUID) -> Release:
    """The release, if this person is admin or ML engineer of its study. Raises ReleaseNotFound otherwise."""
    release = (
        Release.objects.select_related("study", "created_by")
        .filter(pk=release_id, study__memberships__user=signed_in(user), study__memberships__role__in=STAFF)
        .first()
    )
    if release is None:
        raise ReleaseNotFound(release_id)
    return release


def comparison_of(*, before: Release, after: Release) -> Record:
    """See `comparison.compare`. Raises OtherStudy, ReleaseNotReady."""
    if before.study_id != after.study_id:
        raise OtherStudy
    for release in (before, after):
        if release.state != ReleaseState.READY:
            raise ReleaseNotReady(number=release.number, state=release.state, failure=release.failure)
    return compare(SnapshotReader(before.snapshot_key), SnapshotReader(after.snapshot_key))
