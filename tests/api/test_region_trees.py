"""Region trees over HTTP and as jobs: who gets them, when, and what the worker does about those that are missing."""

import gzip
import subprocess
import sys
from typing import Any

import pytest
from django.core.files.storage import default_storage

import ml.worker.tasks
from ml.segmentation.region_tree import RegionTree
from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.core.models import Job
from roiqa.images.models import Image
from roiqa.studies import region_trees
from roiqa.studies.models import Study
from tests.api.factories import client_for, make_image, store_region_tree
from tests.api.import_files import run_import
from tests.unit.images.pictures import jpeg


@pytest.fixture
def image(study: Study) -> Image:
    return make_image(study, with_files=True)


def url_of(image: Image) -> str:
    return f"/api/v1/images/{image.pk}/region-tree/"


def run_all() -> list[Job]:
    """Run every region tree job that waits, here instead of in a worker."""
    for job in Job.objects.filter(kind=region_trees.KIND, finished_at=None):
        jobs.run(str(job.pk))
    return list(Job.objects.filter(kind=region_trees.KIND).order_by("created_at"))


# The file.


def test_the_tree_comes_packed_to_who_takes_gzip_and_plain_to_others(admin: User, image: Image) -> None:
    tree = store_region_tree(image)
    client = client_for(admin)
    plain = client.get(url_of(image))
    packed = client.get(url_of(image), headers={"Accept-Encoding": "gzip, br"})
    assert (plain.status_code, plain["Content-Type"], plain.content) == (200, "application/octet-stream", tree)
    assert "Content-Encoding" not in plain
    assert (packed["Content-Encoding"], gzip.decompress(packed.content)) == ("gzip", tree)
    assert plain["ETag"] != packed["ETag"]
    assert "Accept-Encoding" in packed["Vary"]


def test_the_tree_is_immutable_and_who_holds_it_gets_no_body(admin: User, image: Image) -> None:
    store_region_tree(image)
    client = client_for(admin)
    first = client.get(url_of(image), headers={"Accept-Encoding": "gzip"})
    assert first["Cache-Control"] == "private, max-age=31536000, immutable"
    again = client.get(url_of(image), headers={"Accept-Encoding": "gzip", "If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    other = client.get(url_of(image), headers={"Accept-Encoding": "gzip", "If-None-Match": '"x"'})
    assert other.status_code == 200


def test_annotators_get_it_where_they_draw(annotator: User, study: Study, image: Image) -> None:
    store_region_tree(image)
    client = client_for(annotator)
    refused = client.get(url_of(image))
    assert (refused.status_code, refused.json()["code"]) == (403, "drawing_closed")
    assert client.post(url_of(image)).status_code == 403
    study.annotators_draw = True
    study.save()
    assert client.get(url_of(image)).status_code == 200


def test_strangers_cannot_tell_that_the_image_exists(stranger: User, foreign_admin: User, image: Image) -> None:
    for user in (stranger, foreign_admin):
        for answer in (client_for(user).get(url_of(image)), client_for(user).post(url_of(image))):
            assert (answer.status_code, answer.json()["code"]) == (404, "image_not_found")


# Until it is there.


def test_a_missing_tree_is_said_and_asking_for_it_starts_one_job(admin: User, ml_engineer: User, image: Image) -> None:
    client = client_for(admin)
    answer = client.get(url_of(image))
    assert (answer.status_code, answer.json()["code"], "job" in answer.json()) == (409, "region_tree_not_ready", False)
    assert not Job.objects.exists()
    started = client.post(url_of(image))
    assert (started.status_code, started.json()["kind"]) == (202, "region_trees")
    assert client_for(ml_engineer).post(url_of(image)).json()["id"] == started.json()["id"]
    assert client.get(url_of(image)).json()["job"] == started.json()["id"]
    assert [job.state for job in run_all()] == ["succeeded"]
    assert client.get(url_of(image)).status_code == 200
    assert client.post(url_of(image)).status_code == 204


def test_a_job_that_was_cancelled_can_be_started_again(admin: User, image: Image) -> None:
    client = client_for(admin)
    first = client.post(url_of(image)).json()["id"]
    assert client.post(f"/api/v1/jobs/{first}/cancel/").status_code == 200
    assert "job" not in client.get(url_of(image)).json()
    assert client.post(url_of(image)).json()["id"] != first


# The job.


def test_an_import_starts_the_trees_of_its_images(admin: User, study: Study) -> None:
    run_import(admin, study, {"a.jpg": jpeg(seed=300), "b.jpg": jpeg(seed=301)})
    [job] = run_all()
    assert (job.state, job.done, job.total, job.study_slug) == ("succeeded", 2, 2, study.slug)
    assert job.report == {"computed": 2, "known": 0, "failed": []}
    for image in Image.objects.filter(study_images__study=study):
        tree = RegionTree.from_bytes(client_for(admin).get(url_of(image)).content)
        assert tree.labels.shape == (image.height, image.width)


def test_an_import_that_brings_nothing_new_starts_nothing(admin: User, study: Study) -> None:
    data = jpeg(seed=302)
    run_import(admin, study, {"a.jpg": data})
    run_all()
    run_import(admin, study, {"a.jpg": data})
    assert len(run_all()) == 1


def test_imports_in_a_row_share_the_job_that_waits(admin: User, study: Study) -> None:
    run_import(admin, study, {"a.jpg": jpeg(seed=303)})
    run_import(admin, study, {"b.jpg": jpeg(seed=304)})
    [job] = run_all()
    assert job.report["computed"] == 2


def test_a_broken_off_job_goes_on_where_it_was(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    images = [make_image(study, with_files=True) for _ in range(3)]
    job = region_trees.start_for_study(study_id=study.pk, user_id=None)
    real, calls = ml.worker.tasks.build_tree, iter([True, False, True, True])

    def dies_at_the_second(pixels: Any) -> RegionTree:
        if not next(calls):
            raise KeyboardInterrupt
        return real(pixels)

    monkeypatch.setattr(ml.worker.tasks, "build_tree", dies_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(str(job.pk))
    assert [region_trees.is_ready(image) for image in images] == [True, False, False]
    # As the sweeper finds it once the dead worker's lease has run out.
    Job.objects.filter(pk=job.pk).update(lease_expires_at=job.created_at)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.report) == ("succeeded", {"computed": 2, "known": 1, "failed": []})


def test_an_image_without_its_file_does_not_stop_the_others(study: Study) -> None:
    lost, kept = make_image(study), make_image(study, with_files=True)
    job = region_trees.start_for_study(study_id=study.pk, user_id=None)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.report["failed"]) == ("succeeded", [str(lost.pk)])
    assert region_trees.is_ready(kept)


def test_the_same_picture_gives_the_same_bytes(admin: User, image: Image) -> None:
    region_trees.start_for_study(study_id=image.study_images.get().study_id, user_id=None)
    run_all()
    with default_storage.open(image.region_tree_key) as stored:
        first = stored.read()
    default_storage.delete(image.region_tree_key)
    region_trees.start_for_study(study_id=image.study_images.get().study_id, user_id=None)
    run_all()
    with default_storage.open(image.region_tree_key) as stored:
        assert stored.read() == first


# Processes.

WEB = """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "roiqa.config.settings"
import roiqa.config.asgi
from django.urls import get_resolver
get_resolver().url_patterns
import roiqa.studies.content_urls
print(sorted(name for name in sys.modules if name.partition(".")[0] in {"ml", "torch"}))
"""
WORKER = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "roiqa.config.settings"
from roiqa.config.celery import app
app.loader.import_default_modules()
from roiqa.core import jobs
print("region_trees" in jobs._runners)
"""


@pytest.mark.parametrize(("program", "shown"), [(WEB, "[]"), (WORKER, "True")], ids=["web", "worker"])
def test_only_a_worker_loads_what_computes_trees(program: str, shown: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == shown
