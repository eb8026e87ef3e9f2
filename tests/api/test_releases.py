"""Releases through the API: freeze, list, compare, download, prepare."""

import io
import uuid
from typing import Any

import pytest
from django.core.files.storage import default_storage

from roiqa.accounts.models import User
from roiqa.core import jobs
from roiqa.core.models import AuditEvent, Job
from roiqa.images.models import Image
from roiqa.releases.exports.formats import FORMATS, export_of
from roiqa.releases.models import Release
from roiqa.studies.models import Role, Study
from tests.api.factories import JSONClient, client_for, make_member, make_study, make_user, token_client_for
from tests.api.release_study import exported, freeze, small_study

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def client(db: None) -> JSONClient:
    return staff_client(small_study())


def staff_client(study: Study, role: str = Role.ADMIN) -> JSONClient:
    return client_for(make_member(study, role).user)


def url_of(release: Release, name: str, **query: str) -> str:
    return f"/api/v1/releases/{release.pk}/export/?format={name}" + "".join(f"&{k}={v}" for k, v in query.items())


def body_of(response: Any) -> bytes:
    assert response.status_code == 200, response.content
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_freezing_answers_at_once_and_the_job_makes_it_ready(client: JSONClient) -> None:
    response = client.post("/api/v1/studies/hills/releases/", {"note": "for the paper"})
    assert response.status_code == 202
    release = response.json()
    assert (release["state"], release["number"], release["hash"], release["counts"]) == ("freezing", 1, "", None)
    jobs.run(release["job"])
    ready = client.get(f"/api/v1/releases/{release['id']}/").json()
    assert (ready["state"], ready["note"], ready["study"], ready["ruleset"]) == (
        "ready", "for the paper", "hills", "anchor-v1",
    )  # fmt: skip
    assert len(ready["hash"]) == 64
    counts = ready["counts"]
    assert [counts[name] for name in ("images", "rois", "ratings", "incomplete_rois", "annotators")] == [2, 3, 9, 1, 3]
    assert counts["modes"] == {"blind": 9, "reveal_after": 0, "prefill": 0}
    assert counts["variants"]["without_prefilled"]["votes"] == counts["variants"]["with_excluded"]["votes"] == 0
    assert (release["methods_ready"], ready["methods_ready"]) == (False, True)
    assert ready["created_by"]
    assert ready["failure"] == ""


def test_ml_engineers_freeze_and_export() -> None:
    client = staff_client(small_study(), Role.ML_ENGINEER)
    release = client.post("/api/v1/studies/hills/releases/", {}).json()
    jobs.run(release["job"])
    assert client.get("/api/v1/studies/hills/releases/").json()["results"][0]["state"] == "ready"
    job = prepare(client, Release.objects.get(), format="coco")
    jobs.run(job["id"])
    assert body_of(client.get(client.get(f"/api/v1/jobs/{job['id']}/").json()["report"]["url"]))


def test_releases_are_listed_newest_first(client: JSONClient) -> None:
    study = Study.objects.get()
    for _ in range(3):
        freeze(study)
    first = client.get("/api/v1/studies/hills/releases/?limit=2").json()
    assert [release["number"] for release in first["results"]] == [3, 2]
    assert [release["number"] for release in client.get(first["next"]).json()["results"]] == [1]


def test_a_second_freeze_is_refused_while_one_runs(client: JSONClient) -> None:
    assert client.post("/api/v1/studies/hills/releases/", {}).status_code == 202
    response = client.post("/api/v1/studies/hills/releases/", {})
    assert (response.status_code, response.json()["code"]) == (409, "freeze_running")


def test_unknown_fields_are_refused(client: JSONClient) -> None:
    response = client.post("/api/v1/studies/hills/releases/", {"notes": "x"})
    assert (response.status_code, list(response.json()["fields"])) == (400, ["notes"])


def test_cancelling_the_job_fails_the_release(client: JSONClient) -> None:
    release = client.post("/api/v1/studies/hills/releases/", {}).json()
    assert client.post(f"/api/v1/jobs/{release['job']}/cancel/").status_code == 200
    after = client.get(f"/api/v1/releases/{release['id']}/").json()
    assert (after["state"], after["failure"]) == ("failed", "Cancelled before it began.")


def test_two_releases_are_compared(client: JSONClient) -> None:
    study = Study.objects.get()
    first, second = freeze(study), freeze(study)
    found = client.get(f"/api/v1/releases/{first.pk}/compare/{second.pk}/").json()
    assert found["counts"]["unchanged"] == 3
    assert (found["added"], found["removed"], found["changed"]) == ([], [], [])


def test_a_release_of_another_study_is_not_there_to_compare(client: JSONClient) -> None:
    mine, other = freeze(Study.objects.get()), freeze(small_study("other"))
    response = client.get(f"/api/v1/releases/{mine.pk}/compare/{other.pk}/")
    assert (response.status_code, response.json()["code"]) == (404, "release_not_found")


@pytest.mark.parametrize("name", list(FORMATS))
def test_an_export_is_the_file_with_a_strong_tag_and_a_safe_name(name: str, client: JSONClient) -> None:
    release = freeze(Study.objects.get())
    response = client.get(url_of(release, name))
    assert body_of(response) == exported(release, name)
    export = export_of(release, name=name, images=False)
    assert response["ETag"] == f'"{export.tag}"'
    assert response["Content-Disposition"] == f'attachment; filename="hills-release-1-{name}.{export.extension}"'
    assert response["Content-Type"] == export.content_type
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-cache"


def test_who_holds_the_file_gets_304(client: JSONClient) -> None:
    release = freeze(Study.objects.get())
    tag = client.get(url_of(release, "coco"))["ETag"]
    response = client.get(url_of(release, "coco"), headers={"If-None-Match": f'"other", W/{tag}'})
    assert (response.status_code, response.content, response["ETag"]) == (304, b"", tag)


def test_formats_are_named_when_one_is_unknown(client: JSONClient) -> None:
    release = freeze(Study.objects.get())
    for response in (
        client.get(url_of(release, "yolo")),
        client.post(f"/api/v1/releases/{release.pk}/exports/", {"format": "yolo"}),
    ):
        assert response.status_code == 400
        assert response.json()["fields"]["format"] == [
            '"yolo" is no format of exports: use one of seagull, coco, instructions, ratings, parquet.'
        ]


def test_the_format_must_be_said(client: JSONClient) -> None:
    response = client.get(f"/api/v1/releases/{freeze(Study.objects.get()).pk}/export/")
    assert (response.status_code, list(response.json()["fields"])) == (400, ["format"])


def test_unknown_query_fields_are_refused(client: JSONClient) -> None:
    release = freeze(Study.objects.get())
    assert client.get(url_of(release, "coco", pictures="1")).status_code == 400


def test_images_of_a_table_are_refused(client: JSONClient) -> None:
    response = client.get(url_of(freeze(Study.objects.get()), "ratings", images="1"))
    assert (response.status_code, response.json()["code"]) == (422, "no_images_in_format")


def test_an_unfinished_release_is_not_exported(client: JSONClient) -> None:
    release = Release.objects.get(pk=client.post("/api/v1/studies/hills/releases/", {}).json()["id"])
    response = client.get(url_of(release, "coco"))
    assert (response.status_code, response.json()["code"]) == (409, "release_not_ready")


def test_a_lost_snapshot_is_a_clear_refusal(client: JSONClient) -> None:
    release = freeze(Study.objects.get())
    default_storage.delete(release.snapshot_key)
    response = client.get(url_of(release, "coco"))
    assert (response.status_code, response.json()["code"]) == (409, "snapshot_broken")


def prepare(client: JSONClient, release: Release, **body: Any) -> Any:
    response = client.post(f"/api/v1/releases/{release.pk}/exports/", body)
    assert response.status_code == 202
    return response.json()


@pytest.mark.parametrize("name", list(FORMATS))
def test_a_prepared_export_is_the_same_file_with_its_length(name: str, client: JSONClient) -> None:
    release = freeze(Study.objects.get())
    job = prepare(client, release, format=name)
    jobs.run(job["id"])
    done = client.get(f"/api/v1/jobs/{job['id']}/").json()
    assert (done["state"], done["done"], done["total"]) == ("succeeded", 3, 3)
    response = client.get(done["report"]["url"])
    streamed = exported(release, name)
    assert body_of(response) == streamed
    assert done["report"]["bytes"] == len(streamed)
    assert int(response.get("Content-Length", len(streamed))) == len(streamed)
    assert response["ETag"] == f'"{export_of(release, name=name, images=False).tag}"'
    assert response["Cache-Control"] == "private, no-cache"
    assert done["report"]["file_name"] in response["Content-Disposition"]


def test_an_export_with_images_is_prepared_too(client: JSONClient) -> None:
    release = freeze(Study.objects.get())
    for image in Image.objects.all():
        default_storage.save(image.display_key, io.BytesIO(b"x" * 300_000))
    job = prepare(client, release, format="seagull", images=True)
    jobs.run(job["id"])
    report = client.get(f"/api/v1/jobs/{job['id']}/").json()["report"]
    assert report["url"].endswith("?format=seagull&images=1")
    response = client.get(report["url"])
    assert int(response["Content-Length"]) == report["bytes"] > 600_000
    assert body_of(response) == exported(release, "seagull", images=True)
    assert response["Content-Type"] == "application/zip"


def test_asking_twice_gives_the_same_job(client: JSONClient) -> None:
    release = freeze(Study.objects.get())
    first, second = (prepare(client, release, format="coco")["id"] for _ in range(2))
    other = prepare(client, release, format="ratings")["id"]
    assert first == second != other


def test_a_prepared_file_is_not_made_again(client: JSONClient, monkeypatch: pytest.MonkeyPatch) -> None:
    release = freeze(Study.objects.get())
    jobs.run(prepare(client, release, format="coco")["id"])
    monkeypatch.setattr("roiqa.releases.exports.formats.SnapshotReader", None)
    job = prepare(client, release, format="coco")
    jobs.run(job["id"])
    assert client.get(f"/api/v1/jobs/{job['id']}/").json()["state"] == "succeeded"


def test_preparing_is_in_the_audit_log(client: JSONClient) -> None:
    release = freeze(Study.objects.get())
    prepare(client, release, format="coco")
    event = AuditEvent.objects.get(action="release_exported")
    assert (event.target, event.details["format"]) == (str(release.pk), "coco")


def test_a_cancelled_export_leaves_no_file(client: JSONClient, monkeypatch: pytest.MonkeyPatch) -> None:
    release = freeze(Study.objects.get())
    job = Job.objects.get(pk=prepare(client, release, format="coco")["id"])

    def cancelled(*args: Any, **options: Any) -> Any:
        raise jobs.JobCancelled

    monkeypatch.setattr("roiqa.releases.exports.coco._annotation", cancelled)
    jobs.run(str(job.pk))
    job.refresh_from_db()
    assert job.state == "cancelled"
    assert not default_storage.exists(export_of(release, name="coco", images=False).prepared_key)
    assert default_storage.listdir("releases/.incoming")[1] == []


def everything(release: Release, study: Study) -> list[tuple[str, str, dict[str, Any]]]:
    one = f"/api/v1/releases/{release.pk}/"
    return [
        ("get", f"/api/v1/studies/{study.slug}/releases/", {}),
        ("post", f"/api/v1/studies/{study.slug}/releases/", {"note": ""}),
        ("get", one, {}),
        ("get", f"{one}compare/{release.pk}/", {}),
        ("get", f"{one}export/?format=coco", {}),
        ("post", f"{one}exports/", {"format": "coco"}),
    ]


def statuses(client: JSONClient, release: Release) -> set[int]:
    return {
        getattr(client, method)(url, data=body or None).status_code
        for method, url, body in everything(release, release.study)
    }


def test_annotators_reach_nothing_of_a_release() -> None:
    release = freeze(small_study())
    annotator = make_member(release.study, Role.ANNOTATOR).user
    assert statuses(client_for(annotator), release) == {403, 404}
    assert Release.objects.count() == 1


def test_outsiders_learn_nothing_of_a_release() -> None:
    release = freeze(small_study())
    assert statuses(client_for(), release) == {401}
    assert statuses(client_for(make_user()), release) == {404}
    foreign: User = make_member(make_study("elsewhere"), Role.ADMIN).user
    assert statuses(client_for(foreign), release) == {404}


def test_an_unknown_release_looks_the_same() -> None:
    client = staff_client(make_study())
    response = client.get(f"/api/v1/releases/{uuid.uuid4()}/")
    assert (response.status_code, response.json()["code"]) == (404, "release_not_found")


def test_programs_download_with_their_token() -> None:
    study = small_study()
    release = freeze(study)
    client = token_client_for(make_member(study, Role.ML_ENGINEER).user)
    assert body_of(client.get(url_of(release, "ratings"))) == exported(release, "ratings")


def test_neither_accounts_nor_their_ids_are_in_any_export(client: JSONClient) -> None:
    study = Study.objects.get()
    person = make_user("somebody-recognisable")
    make_member(study, Role.ANNOTATOR, user=person)
    release = freeze(study)
    for name in ("seagull", "coco", "ratings"):
        text = body_of(client.get(url_of(release, name))).decode()
        for user in User.objects.all():
            assert user.username not in text
