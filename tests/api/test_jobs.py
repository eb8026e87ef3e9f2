"""Watching and cancelling jobs: their maker and the study's admins, nobody else."""

import uuid

import pytest
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.core.models import AuditEvent, JobState
from roiqa.studies.models import Study
from tests.api.factories import client_for, make_job, make_study

pytestmark = pytest.mark.django_db


def test_maker_and_admin_see_a_job(study: Study, admin: User, ml_engineer: User):
    job = make_job(study, user=ml_engineer, state=JobState.RUNNING, done=3, total=10, message="Reading.")
    for user in (admin, ml_engineer):
        body = client_for(user).get(f"/api/v1/jobs/{job.pk}/").json()
        assert (body["state"], body["done"], body["total"], body["message"]) == ("running", 3, 10, "Reading.")
        assert body["cancellable"] is True


def test_others_are_told_that_there_is_no_such_job(
    study: Study, admin, annotator, ml_engineer, stranger, foreign_admin
):
    job = make_job(study, user=admin)
    for user in (annotator, ml_engineer, stranger, foreign_admin):
        client = client_for(user)
        seen, missing = client.get(f"/api/v1/jobs/{job.pk}/"), client.get(f"/api/v1/jobs/{uuid.uuid4()}/")
        assert seen.status_code == missing.status_code == 404
        assert client.post(f"/api/v1/jobs/{job.pk}/cancel/").status_code == 404
    job.refresh_from_db()
    assert not job.cancel_requested


def test_job_without_a_study_is_its_makers_only(admin: User, stranger: User):
    job = make_job(user=stranger)
    assert client_for(stranger).get(f"/api/v1/jobs/{job.pk}/").status_code == 200
    assert client_for(admin).get(f"/api/v1/jobs/{job.pk}/").status_code == 404


def test_waiting_job_is_cancelled_at_once(study: Study, admin: User):
    job = make_job(study)
    answer = client_for(admin).post(f"/api/v1/jobs/{job.pk}/cancel/")
    assert (answer.status_code, answer.json()["state"]) == (200, "cancelled")
    assert answer.json()["cancellable"] is False
    assert AuditEvent.objects.get(action="job_cancelled").target == str(job.pk)


def test_running_job_is_asked_to_stop(study: Study, admin: User):
    job = make_job(study, state=JobState.RUNNING)
    answer = client_for(admin).post(f"/api/v1/jobs/{job.pk}/cancel/")
    assert (answer.status_code, answer.json()["state"]) == (200, "running")
    job.refresh_from_db()
    assert job.cancel_requested


def test_finished_job_cannot_be_cancelled(study: Study, admin: User):
    job = make_job(study, state=JobState.SUCCEEDED, finished_at=timezone.now())
    answer = client_for(admin).post(f"/api/v1/jobs/{job.pk}/cancel/")
    assert (answer.status_code, answer.json()["code"]) == (409, "job_finished")


def test_study_lists_its_own_jobs_of_a_kind(study: Study, admin: User):
    job = make_job(study)
    make_job(study, kind="freeze")
    make_job(make_study())
    client = client_for(admin)
    assert len(client.get("/api/v1/studies/mountains/jobs/").json()["results"]) == 2
    rows = client.get("/api/v1/studies/mountains/jobs/", {"kind": "import_images"}).json()["results"]
    assert [row["id"] for row in rows] == [str(job.pk)]


def test_unfit_kind_is_refused(study: Study, admin: User):
    client = client_for(admin)
    for kind in ("x" * 33, "a\x00b"):
        assert client.get("/api/v1/studies/mountains/jobs/", {"kind": kind}).status_code == 400


def test_list_filters_by_nothing_else(study: Study, admin: User):
    make_job(study)
    query = {"created_by__password__startswith": "zzz", "ordering": "created_by__password", "state": "failed"}
    assert len(client_for(admin).get("/api/v1/studies/mountains/jobs/", query).json()["results"]) == 1


def test_only_admins_list_jobs(study: Study, annotator: User, ml_engineer: User):
    for user in (annotator, ml_engineer):
        assert client_for(user).get("/api/v1/studies/mountains/jobs/").status_code == 403
