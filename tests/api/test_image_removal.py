"""What is left of a picture that is taken out of its last study: nothing, not even when an import comes in between."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection

from roiqa.accounts.models import User
from roiqa.core.models import AuditEvent
from roiqa.images import removal
from roiqa.images.models import Image
from roiqa.studies.imports import pipeline
from roiqa.studies.models import Proposal, Role, Study, StudyImage
from tests.api.factories import client_for, make_image, make_member, make_proposal, make_rating, make_roi, make_study
from tests.api.import_files import run_import
from tests.unit.images.pictures import jpeg

Committing = Callable[..., AbstractContextManager[Any]]


def remove(user: User, study: Study, image: Image) -> Any:
    return client_for(user).delete(f"/api/v1/studies/{study.slug}/images/{image.pk}/")


def files_of(image: Image) -> list[str]:
    try:
        return sorted(default_storage.listdir(image.folder_key)[1])
    except FileNotFoundError:
        return []


@pytest.fixture
def image(study: Study) -> Image:
    """A picture with its files, a region tree and the embeddings of two models."""
    made = make_image(study, with_files=True)
    default_storage.save(made.region_tree_key, ContentFile(b"tree"))
    for name in ("embedding-0123456789abcdef.bin", "embedding-fedcba9876543210.bin"):
        default_storage.save(f"{made.folder_key}/{name}", ContentFile(b"embedding"))
    return made


def test_the_last_study_takes_the_row_and_every_file_with_it(
    admin: User, study: Study, image: Image, django_capture_on_commit_callbacks: Committing
) -> None:
    make_proposal(study, image)
    assert len(files_of(image)) == 6
    with django_capture_on_commit_callbacks(execute=True):
        assert remove(admin, study, image).status_code == 204
    assert not Image.objects.filter(pk=image.pk).exists()
    assert not Proposal.objects.exists()
    assert files_of(image) == []
    details = AuditEvent.objects.get(action="image_removed").details
    assert (details["files_removed"], details["proposals"], details["sha256"]) == (True, 1, image.sha256)


def test_a_picture_of_another_study_keeps_its_files(
    admin: User, study: Study, image: Image, django_capture_on_commit_callbacks: Committing
) -> None:
    other = make_study("plains")
    make_member(other, Role.ADMIN, user=admin)
    StudyImage.objects.create(study=other, image=image, file_name="a.png")
    with django_capture_on_commit_callbacks(execute=True):
        assert remove(admin, study, image).status_code == 204
    assert len(files_of(image)) == 6
    assert client_for(admin).get(f"/api/v1/images/{image.pk}/file/").status_code == 200
    assert AuditEvent.objects.get(action="image_removed").details["files_removed"] is False


def test_a_rated_picture_stays_with_everything(
    admin: User, annotator: User, study: Study, image: Image, django_capture_on_commit_callbacks: Committing
) -> None:
    make_rating(make_roi(study, image), annotator)
    make_proposal(study, image)
    with django_capture_on_commit_callbacks(execute=True):
        refused = remove(admin, study, image)
    assert (refused.status_code, refused.json()["code"]) == (409, "image_has_ratings")
    assert len(files_of(image)) == 6
    assert Proposal.objects.count() == 1


def test_files_stay_when_the_picture_came_back_before_they_were_removed(study: Study, image: Image) -> None:
    removal.remove_files(Image(sha256=image.sha256))
    assert len(files_of(image)) == 6


def test_an_import_notices_that_its_new_pictures_files_were_taken(
    admin: User, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The removal of an older row of the same picture comes between storing the files and writing the row."""
    real = pipeline._decode_and_store

    def store_and_lose(*given: Any) -> Image:
        image = real(*given)
        for name in files_of(image):
            default_storage.delete(f"{image.folder_key}/{name}")
        return image

    monkeypatch.setattr(pipeline, "_decode_and_store", store_and_lose)
    report = run_import(admin, study, {"a.jpg": jpeg(seed=400)})
    assert (report["images_added"], [refusal["code"] for refusal in report["refused"]]) == (0, ["image_removed"])
    assert not Image.objects.exists()
    monkeypatch.undo()
    assert run_import(admin, study, {"a.jpg": jpeg(seed=400)})["images_added"] == 1


def test_an_import_notices_that_a_picture_it_knew_was_removed(
    admin: User, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = jpeg(seed=401)
    run_import(admin, study, {"a.jpg": data})
    real = pipeline._without_removed

    def remove_first(batch: Any) -> Any:
        StudyImage.objects.all().delete()
        Image.objects.all().delete()
        return real(batch)

    monkeypatch.setattr(pipeline, "_without_removed", remove_first)
    report = run_import(admin, study, {"a.jpg": data})
    assert [refusal["code"] for refusal in report["refused"]] == ["image_removed"]


@pytest.mark.django_db
def test_imports_share_the_lock_and_a_removal_has_it_alone() -> None:
    removal.hold_files_still()
    with connection.cursor() as cursor:
        cursor.execute("SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchall() == [("ShareLock",)]
        removal.forbid_imports()
        cursor.execute("SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert sorted(cursor.fetchall()) == [("ExclusiveLock",), ("ShareLock",)]
