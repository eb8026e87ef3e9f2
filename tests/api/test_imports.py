"""The import through the API: what gets in, what is refused, and that a repetition changes nothing."""

import hashlib
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import close_old_connections, connection
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.core.models import AuditEvent, Job
from roiqa.images.models import Image
from roiqa.regions.models import ROI
from roiqa.studies.imports.job import remove_left_behind
from roiqa.studies.models import Role, Study, StudyImage, StudyROI
from tests.api.factories import client_for, make_member, make_study, make_user
from tests.api.import_files import annotation, box_rle, coco, codes, counts, post_files, run_import, zipped
from tests.unit.images.pictures import encoded, exif, jpeg, photo

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> Path:
    """Storage of the test's own: what is left in it was left by this test."""
    media = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": tmp_path / "media"}}
    settings.STORAGES = {**settings.STORAGES, "default": media}
    return tmp_path


def parked() -> list[str]:
    try:
        folders, files = default_storage.listdir("incoming")
    except FileNotFoundError:
        return []
    return folders + files


def state_of(study: Study) -> dict[str, Any]:
    """Everything an import decides, in a form that two studies can be compared by."""
    images = StudyImage.objects.filter(study=study).order_by("file_name")
    rois = ROI.objects.filter(study_roi__study=study).order_by("image__sha256", "mask_sha256")
    return {
        "images": list(images.values_list("file_name", "image__sha256", "image__split", "source")),
        "rois": list(rois.values_list("image__sha256", "mask_sha256", "level", "name", "area", "x", "y", "w", "h")),
    }


def test_single_files_arrive_with_their_copies(admin: User, study: Study) -> None:
    data = jpeg(seed=11)
    report = run_import(admin, study, {"a.jpg": data, "b.png": encoded(photo(seed=12), "PNG")}, source="my camera")
    assert counts(report) == (2, 0, 0, 0, 0)
    place = StudyImage.objects.select_related("image").get(study=study, file_name="a.jpg")
    assert (place.source, place.image.sha256) == ("my camera", hashlib.sha256(data).hexdigest())
    with default_storage.open(place.image.original_key) as stored:
        assert stored.read() == data
    assert default_storage.exists(place.image.display_key)
    assert default_storage.exists(place.image.thumbnail_key)


def test_the_answer_is_a_job_that_can_be_watched(admin: User, study: Study) -> None:
    answer = post_files(admin, study, {"a.jpg": jpeg(seed=13)})
    assert answer.status_code == 202
    assert answer.json()["kind"] == "import"
    assert answer.json()["state"] == "queued"
    jobs.run(answer.json()["id"])
    watched = client_for(admin).get(f"/api/v1/jobs/{answer.json()['id']}/").json()
    assert (watched["state"], watched["done"], watched["total"]) == ("succeeded", 1, 1)
    assert watched["message"] == "1 images and 0 ROIs added, 0 and 0 known before, 0 refused."
    assert AuditEvent.objects.filter(action="images_imported", study_slug=study.slug, actor=admin).exists()


def test_a_bad_file_is_refused_with_its_reason_and_the_rest_goes_on(admin: User, study: Study) -> None:
    report = run_import(
        admin,
        study,
        {
            "good.jpg": jpeg(seed=14),
            "cut.jpg": jpeg(seed=15)[:-300],
            "name.png": jpeg(seed=16),
            "notes.txt": b"hello",
            "broken.json": b"{",
            "other.json": b'{"a": 1}',
        },
    )
    assert counts(report) == (1, 0, 0, 0, 5)
    assert codes(report) == {
        "cut.jpg": "image_broken",
        "name.png": "image_wrong_extension",
        "notes.txt": "not_an_image",
        "broken.json": "not_json",
        "other.json": "not_coco",
    }
    assert all(row["reason"].endswith(".") for row in report["refused"])


def test_an_empty_upload_is_one_refused_file(admin: User, study: Study) -> None:
    assert codes(run_import(admin, study, {"empty.jpg": b""})) == {"empty.jpg": "image_empty"}


def test_repeating_an_import_changes_nothing(admin: User, study: Study) -> None:
    files = {
        "images.zip": zipped({"train/1.jpg": jpeg(seed=17), "train/2.jpg": jpeg(seed=18)}),
        "regions.json": coco([{"id": 1, "file_name": "train/1.jpg"}], [annotation()]),
    }
    assert counts(run_import(admin, study, files)) == (2, 0, 1, 0, 0)
    before = state_of(study)
    assert counts(run_import(admin, study, files)) == (0, 2, 0, 1, 0)
    assert state_of(study) == before


def test_the_same_picture_in_another_study_is_the_same_image(admin: User, study: Study) -> None:
    other = make_study()
    make_member(other, Role.ADMIN, user=admin)
    run_import(admin, study, {"a.jpg": jpeg(seed=19)})
    assert counts(run_import(admin, other, {"renamed.jpg": jpeg(seed=19)})) == (1, 0, 0, 0, 0)
    assert Image.objects.filter(study_images__study__in=[study, other]).distinct().count() == 1


def test_one_picture_under_two_names_is_one_image(admin: User, study: Study) -> None:
    report = run_import(admin, study, {"a.zip": zipped({"a.jpg": jpeg(seed=20), "b.jpg": jpeg(seed=20)})})
    assert counts(report) == (1, 1, 0, 0, 0)
    assert [place.file_name for place in StudyImage.objects.filter(study=study)] == ["a.jpg"]


def test_two_pictures_of_one_name_are_told_apart(admin: User, study: Study) -> None:
    run_import(admin, study, {"a.zip": zipped({"x/a.jpg": jpeg(seed=21)})})
    run_import(admin, study, {"a.zip": zipped({"x/a.jpg": jpeg(seed=22)})})
    run_import(admin, study, {"a.zip": zipped({"x/a.jpg": jpeg(seed=23)})})
    names = StudyImage.objects.filter(study=study).values_list("file_name", flat=True)
    assert sorted(names) == ["x/a (2).jpg", "x/a (3).jpg", "x/a.jpg"]


def test_the_exif_orientation_decides_the_size(admin: User, study: Study) -> None:
    run_import(admin, study, {"a.jpg": jpeg(exif=exif(orientation=6), seed=24)})
    image = Image.objects.get(study_images__study=study)
    assert (image.width, image.height) == (64, 96)


# COCO.


def test_text_lists_and_polygons_all_become_masks(admin: User, study: Study) -> None:
    polygon = [[10, 10, 60, 10, 60, 50, 10, 50]]
    report = run_import(
        admin,
        study,
        {
            "a.jpg": jpeg(seed=30),
            "regions.json": coco(
                [{"id": 1, "file_name": "a.jpg", "width": 96, "height": 64}],
                [
                    annotation(number=1),
                    annotation(number=2, segmentation=box_rle(96, 64, (0, 0, 33, 40), compressed=False)),
                    annotation(number=3, segmentation=polygon, iscrowd=0),
                ],
            ),
        },
    )
    assert counts(report) == (1, 0, 3, 0, 0)
    rois = {roi.provenance["annotation"]: roi for roi in ROI.objects.filter(study_roi__study=study)}
    assert [rois[n].bbox for n in "123"] == [[4, 4, 40, 40], [0, 0, 33, 40], [10, 10, 50, 40]]
    places = StudyROI.objects.filter(study=study)
    assert {(p.raters_wanted, p.slots_left, p.n_accepted) for p in places} == {(7, 7, 0)}
    assert len({p.shuffle_key for p in places}) == 3


def test_level_and_name_come_from_the_row_its_attributes_or_its_category(admin: User, study: Study) -> None:
    categories = [{"id": 1, "name": "object"}, {"id": 2, "name": "dog"}]
    rows = [
        annotation(number=1, box=(0, 0, 40, 40)),
        annotation(number=2, box=(1, 0, 40, 40), category_id=2),
        annotation(number=3, box=(2, 0, 40, 40), category_id=2, level="object", name="left\x00 ear"),
        annotation(number=4, box=(3, 0, 40, 40), attributes={"level": "Component", "name": "tail"}),
        annotation(number=5, box=(4, 0, 40, 40), level="huge"),
    ]
    document = coco([{"id": 1, "file_name": "a.jpg"}], rows, categories=categories)
    report = run_import(admin, study, {"a.jpg": jpeg(seed=31), "r.json": document})
    assert codes(report) == {"r.json annotation 5": "unknown_level"}
    rois = ROI.objects.filter(study_roi__study=study).order_by("x")
    assert [(roi.level, roi.name) for roi in rois] == [
        ("object", ""),
        ("component", "dog"),
        ("object", "left ear"),
        ("component", "tail"),
    ]


def test_the_default_level_can_be_chosen(admin: User, study: Study) -> None:
    document = coco([{"id": 1, "file_name": "a.jpg"}], [annotation()])
    run_import(admin, study, {"a.jpg": jpeg(seed=32), "r.json": document}, level="object")
    assert ROI.objects.get(study_roi__study=study).level == "object"


def test_bad_rows_are_refused_one_by_one(admin: User, study: Study) -> None:
    rows = [
        annotation(number=1),
        annotation(number=2, segmentation=box_rle(64, 96, (4, 4, 40, 40))),
        annotation(number=3, box=(0, 0, 31, 33)),
        annotation(number=4, image_id=77),
        annotation(number=5, segmentation={"size": [64, 96], "counts": "zzzz"}),
        annotation(number=6, segmentation={"size": [64, 96], "counts": [1, -1, 6144]}),
        annotation(number=7, segmentation=[[1, 2, 3]]),
        annotation(number=8, segmentation=[]),
        annotation(number=9, image_id=2),
        annotation(number=10),
        annotation(number=11, segmentation="all of it"),
        annotation(number=12, segmentation=[[0, 0, 1e9, 0, 1e9, 1e9]]),
        "not an object",
        annotation(number=14, image_id=[1]),
        annotation(number=15, segmentation={"size": ["64", 96], "counts": "0"}),
        annotation(number=16, image_id=3, segmentation=[[0, 0, 50, 0, 50, 50]]),
    ]
    images = [
        {"id": 1, "file_name": "a.jpg"},
        {"id": 2, "file_name": "never.jpg"},
        {"id": 3, "file_name": "b.jpg", "width": 192, "height": 128},
    ]
    report = run_import(admin, study, {"a.jpg": jpeg(seed=33), "b.jpg": jpeg(seed=34), "r.json": coco(images, rows)})
    assert counts(report) == (2, 0, 1, 1, 14)
    assert codes(report) == {
        "r.json annotation 2": "mask_wrong_size",
        "r.json annotation 3": "roi_too_small",
        "r.json annotation 4": "unknown_image_id",
        "r.json annotation 5": "mask_broken",
        "r.json annotation 6": "mask_broken",
        "r.json annotation 7": "mask_broken",
        "r.json annotation 8": "segmentation_missing",
        "r.json annotation 9": "image_not_in_study",
        "r.json annotation 11": "mask_broken",
        "r.json annotation 12": "mask_broken",
        "r.json annotation number 13": "coco_broken",
        "r.json annotation 14": "unknown_image_id",
        "r.json annotation 15": "mask_broken",
        "r.json annotation 16": "mask_wrong_size",
    }
    small = next(row["reason"] for row in report["refused"] if row["code"] == "roi_too_small")
    assert "1,023 pixels" in small
    assert "1,024" in small


def test_regions_can_follow_later_for_images_that_are_there(admin: User, study: Study) -> None:
    data = jpeg(seed=35)
    run_import(admin, study, {"z.zip": zipped({"set/train/1.jpg": data, "set/val/1.jpg": jpeg(seed=36)})})
    rows = [annotation(image_id, number=image_id) for image_id in (1, 2, 3, 4)]
    images = [
        {"id": 1, "file_name": "train/1.jpg"},
        {"id": 2, "file_name": "1.jpg"},
        {"id": 3, "file_name": "whatever.png", "sha256": hashlib.sha256(data).hexdigest().upper()},
        {"id": 4, "file_name": "set/val/1.jpg", "sha256": "0" * 64},
    ]
    report = run_import(admin, study, {"r.json": coco(images, rows)})
    # The first and the third are the same mask of the same image.
    assert counts(report) == (0, 0, 1, 1, 2)
    assert codes(report) == {"r.json annotation 2": "image_not_in_study", "r.json annotation 4": "image_not_in_study"}


def test_a_bare_name_that_could_be_several_images_is_refused(admin: User, study: Study) -> None:
    run_import(admin, study, {"z.zip": zipped({"train/1.jpg": jpeg(seed=37), "val/1.jpg": jpeg(seed=38)})})
    report = run_import(admin, study, {"r.json": coco([{"id": 1, "file_name": "1.jpg"}], [annotation()])})
    assert codes(report) == {"r.json annotation 1": "image_ambiguous"}


def test_a_name_in_another_folder_is_another_image(admin: User, study: Study) -> None:
    run_import(admin, study, {"z.zip": zipped({"train/1.jpg": jpeg(seed=39)})})
    report = run_import(admin, study, {"r.json": coco([{"id": 1, "file_name": "val/1.jpg"}], [annotation()])})
    assert codes(report) == {"r.json annotation 1": "image_not_in_study"}


def test_two_images_of_one_bare_name_never_share_an_upload(admin: User, study: Study) -> None:
    images = [{"id": 1, "file_name": "train/1.jpg"}, {"id": 2, "file_name": "val/1.jpg"}]
    document = coco(images, [annotation(1, number=1), annotation(2, number=2, box=(9, 9, 40, 40))])
    report = run_import(admin, study, {"1.jpg": jpeg(seed=40), "r.json": document})
    assert counts(report)[2:] == (0, 0, 2)


@pytest.mark.parametrize(
    "document",
    [
        b"[" * 100_000,
        b'{"images": [{"id": 1}], "annotations": []}',
        b'{"images": [{"id": 1, "file_name": "a"}, {"id": 1, "file_name": "b"}], "annotations": []}',
        b'{"images": {}, "annotations": []}',
        b"\xff\xfe\x00",
        b'{"images": [], "annotations": [], "n": ' + b"9" * 6_000 + b"}",
    ],
)
def test_a_file_that_is_no_coco_is_refused_as_a_whole(admin: User, study: Study, document: bytes) -> None:
    report = run_import(admin, study, {"r.json": document})
    assert counts(report) == (0, 0, 0, 0, 1)
    assert set(codes(report).values()) <= {"not_json", "not_coco"}


def exported(study: Study) -> bytes:
    """What `export --format seagull --images` packs: display copies named after the originals, and the JSON."""
    images, rows, members = [], [], {}
    for number, place in enumerate(StudyImage.objects.filter(study=study).select_related("image"), start=1):
        image, name = place.image, f"images/{place.image.sha256}.png"
        with default_storage.open(image.display_key) as stored:
            members[name] = stored.read()
        images.append({"id": number, "file_name": name, "sha256": image.sha256, "split": image.split})
        for roi in image.rois.filter(study_roi__study=study):
            segmentation = {"size": [image.height, image.width], "counts": roi.counts}
            rows.append(
                annotation(number, number=len(rows) + 1, segmentation=segmentation, level=roi.level, name=roi.name)
            )
    return zipped({**members, "annotations.json": coco(images, rows)})


def test_our_own_export_with_its_pictures_imports_into_another_study(admin: User, study: Study) -> None:
    other = make_study()
    make_member(other, Role.ADMIN, user=admin)
    document = coco([{"id": 1, "file_name": "a.jpg"}], [annotation(level="object", name="roof")])
    run_import(admin, study, {"a.jpg": jpeg(exif=exif(orientation=3), seed=41), "r.json": document})
    archive = exported(study)
    assert counts(run_import(admin, other, {"export.zip": archive})) == (1, 0, 1, 0, 0)
    # The copies are recognised: no picture comes twice, none changes its split.
    assert Image.objects.count() == 1
    assert state_of(other)["rois"] == state_of(study)["rois"]
    assert counts(run_import(admin, study, {"export.zip": archive})) == (0, 1, 0, 1, 0)


def test_our_own_export_imports_where_its_originals_never_were(admin: User, study: Study) -> None:
    other = make_study()
    make_member(other, Role.ADMIN, user=admin)
    run_import(
        admin, study, {"a.jpg": jpeg(seed=42), "r.json": coco([{"id": 1, "file_name": "a.jpg"}], [annotation()])}
    )
    archive = exported(study)
    StudyROI.objects.all().delete()
    for rows in (ROI, StudyImage, Image):
        rows.objects.all().delete()
    assert counts(run_import(admin, other, {"export.zip": archive})) == (1, 0, 1, 0, 0)


# The job.


def test_nothing_stays_parked(admin: User, study: Study) -> None:
    run_import(admin, study, {"a.jpg": jpeg(seed=50), "bad.jpg": b"x"})
    assert parked() == []


def test_a_cancelled_import_keeps_what_is_finished_and_removes_what_was_parked(admin: User, study: Study) -> None:
    job_id = post_files(admin, study, {"a.jpg": jpeg(seed=51)}).json()["id"]
    assert len(parked()) == 1
    assert client_for(admin).post(f"/api/v1/jobs/{job_id}/cancel/").status_code == 200
    jobs.run(job_id)
    assert Job.objects.get(pk=job_id).state == "cancelled"
    remove_left_behind()
    assert parked() == []
    assert not StudyImage.objects.filter(study=study).exists()


def test_a_closed_study_takes_nothing_in(admin: User, study: Study) -> None:
    Study.objects.update(state="closed")
    answer = post_files(admin, study, {"a.jpg": jpeg(seed=52)})
    assert (answer.status_code, answer.json()["code"]) == (409, "study_closed")
    assert parked() == []


def test_a_study_closed_meanwhile_ends_the_import_with_the_reason(admin: User, study: Study) -> None:
    job_id = post_files(admin, study, {"a.jpg": jpeg(seed=53)}).json()["id"]
    Study.objects.update(state="closed")
    jobs.run(job_id)
    job = Job.objects.get(pk=job_id)
    assert job.state == "failed"
    assert "closed" in job.message
    assert parked() == []


@pytest.mark.parametrize("who", ["annotator", "ml_engineer", "foreign_admin"])
def test_only_admins_of_the_study_import(who: str, study: Study, request: pytest.FixtureRequest) -> None:
    answer = post_files(request.getfixturevalue(who), study, {"a.jpg": jpeg(seed=54)})
    assert answer.status_code == (404 if who == "foreign_admin" else 403)
    assert parked() == []


def test_an_upload_larger_than_the_limit_is_refused_unread(admin: User, study: Study, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1_000
    answer = post_files(admin, study, {"a.jpg": jpeg(seed=55)})
    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


def test_unknown_and_missing_fields_are_named(admin: User, study: Study) -> None:
    answer = post_files(admin, study, {"a.jpg": jpeg(seed=56)}, folder="x")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["folder"])
    answer = client_for(admin).post(f"/api/v1/studies/{study.slug}/images/", {"source": "x"}, format="multipart")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["files"])
    assert client_for(admin).post(f"/api/v1/studies/{study.slug}/images/", {"files": []}).status_code == 415


# What only real processes and real transactions show.

KILLED_IN_THE_MIDDLE = """
import os, signal, django
django.setup()
from roiqa.core import jobs
from roiqa.studies.imports import job, pipeline
pipeline.IMAGES_PER_BATCH, pipeline.ROIS_PER_BATCH = 2, 2
plain, batches = job.JobCheckpoint.save, iter(range(100))
def save(self, done):
    plain(self, done)
    if next(batches) == {batch}:
        os.kill(os.getpid(), signal.SIGKILL)
job.JobCheckpoint.save = save
jobs.run("{job}")
"""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("batch", [0, 1, 4, 6])
def test_an_import_whose_worker_is_killed_ends_as_if_nothing_had_happened(
    batch: int, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roiqa.studies.imports.pipeline.IMAGES_PER_BATCH", 2)
    monkeypatch.setattr("roiqa.studies.imports.pipeline.ROIS_PER_BATCH", 2)
    admin = make_user()
    killed, calm = make_study(), make_study()
    for study in (killed, calm):
        make_member(study, Role.ADMIN, user=admin)
    members = {f"train/{n}.jpg": jpeg(seed=60 + n) for n in range(5)}
    members |= {"train/0 again.jpg": jpeg(seed=60), "cut.jpg": jpeg(seed=70)[:500], "../up.jpg": jpeg(seed=71)}
    rows = [annotation(n % 5, number=n, box=(n, n, 33, 33)) for n in range(8)]
    rows += [annotation(0, number=8, box=(0, 0, 33, 33)), annotation(99, number=9)]
    document = coco([{"id": n, "file_name": f"train/{n}.jpg"} for n in range(5)], rows)
    files = {"a.zip": zipped(members), "r.json": document}
    job_id = post_files(admin, killed, files).json()["id"]
    script = KILLED_IN_THE_MIDDLE.format(job=job_id, batch=batch)
    finished = subprocess.run([sys.executable, "-c", script], check=False, env=_environment(data_folder), timeout=60)
    assert finished.returncode == -signal.SIGKILL
    job = Job.objects.get(pk=job_id)
    assert job.state == "running"
    # Killed after its batch was noted, before the commit: the batch before is the last that counts.
    assert (job.payload["units_done"] > 0) == (batch > 0)
    Job.objects.update(lease_expires_at=timezone.now())
    jobs.run(job_id)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("succeeded", 2)
    assert job.report == run_import(admin, calm, files)
    assert counts(job.report) == (5, 1, 8, 1, 3)
    assert state_of(killed) == state_of(calm)
    assert parked() == []


def _environment(data_folder: Path) -> dict[str, str]:
    database = connection.settings_dict
    return {
        **os.environ,
        "ROIQA_DATA_DIR": str(data_folder),
        "DJANGO_SETTINGS_MODULE": "roiqa.config.settings",
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY / "platform"), str(REPOSITORY)]),
        "DATABASE_URL": f"postgresql://{database['USER']}@/{database['NAME']}?host={database['HOST']}",
    }


@pytest.mark.django_db(transaction=True)
def test_simultaneous_imports_of_the_same_files_make_each_image_and_region_once() -> None:
    admin = make_user()
    studies = [make_study(), make_study()]
    for study in studies:
        make_member(study, Role.ADMIN, user=admin)
    files = {
        "a.zip": zipped({f"{n}.jpg": jpeg(seed=80 + n) for n in range(6)}),
        "r.json": coco([{"id": n, "file_name": f"{n}.jpg"} for n in range(6)], [annotation(n) for n in range(6)]),
    }
    jobs_of = [post_files(admin, study, files).json()["id"] for study in (*studies, studies[0])]
    start = threading.Barrier(len(jobs_of))

    def work(job_id: str) -> None:
        start.wait()
        jobs.run(job_id)
        close_old_connections()
        connection.close()

    threads = [threading.Thread(target=work, args=(job_id,)) for job_id in jobs_of]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    reports = [Job.objects.get(pk=job_id).report for job_id in jobs_of]
    assert [report["refused_count"] for report in reports] == [0, 0, 0]
    assert reports[0]["images_added"] + reports[2]["images_added"] == 6
    assert reports[0]["rois_added"] + reports[2]["rois_added"] == 6
    assert Image.objects.count() == 6
    assert [StudyROI.objects.filter(study=study).count() for study in studies] == [6, 6]


def test_an_image_in_storage_without_a_row_is_taken_over(admin: User, study: Study) -> None:
    data = jpeg(seed=90)
    image = Image(sha256=hashlib.sha256(data).hexdigest())
    default_storage.save(image.original_key, io.BytesIO(data))
    assert counts(run_import(admin, study, {"a.jpg": data})) == (1, 0, 0, 0, 0)
    with default_storage.open(image.original_key) as stored:
        assert stored.read() == data
