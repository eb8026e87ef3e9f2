"""People of crowd platforms: in by a link, out with a code, paid by a list, forgotten on a day."""

import csv
import gzip
import io
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow.parquet
import pytest
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.consensus.refresh import refresh_study
from roiqa.releases.exports.formats import FORMATS
from roiqa.studies import crowd
from roiqa.studies.models import Membership, Study
from roiqa.studies.qualification_models import CrowdLink, CrowdPlace, ExternalId
from roiqa.studies.tasks import purge_external_ids
from tests.api.factories import JSONClient, client_for, make_roi
from tests.api.qualifying import of
from tests.api.rating_calls import claim, submit
from tests.api.release_study import exported, freeze, image_in, snapshot_bytes

pytestmark = pytest.mark.django_db

PID = "5f3e9a-external-id-of-a-person"
OTHERS = {"STUDY_ID": "study-of-the-platform", "SESSION_ID": "session-of-the-platform"}


def in_days(days: int) -> str:
    return (timezone.localdate() + timedelta(days=days)).isoformat()


@pytest.fixture
def lead(admin: User) -> JSONClient:
    return client_for(admin)


@pytest.fixture
def link(study: Study, lead: JSONClient) -> dict[str, Any]:
    body = {
        "name": "Prolific, first batch",
        "other_parameters": list(OTHERS),
        "rois_wanted": 2,
        "completion_code": "C0DE",
        "completion_url": "https://app.example.org/complete?cc={code}",
        "purge_on": in_days(30),
    }
    response = lead.post(of(study, "crowd-links/"), body)
    assert response.status_code == 201, response.json()
    made: dict[str, Any] = response.json()
    return made


def token_of(link: dict[str, Any]) -> str:
    return urlsplit(link["url"]).path.removeprefix("/enter/")


def enter(link: dict[str, Any], external_id: str = PID, *, client: JSONClient | None = None) -> tuple[JSONClient, Any]:
    client = client or client_for()
    body = {"parameters": {"PROLIFIC_PID": external_id, **OTHERS, "utm_source": "x"}}
    return client, client.post(f"/api/v1/crowd/{token_of(link)}/enter/", body)


def pay(lead: JSONClient, study: Study, link: dict[str, Any]) -> list[dict[str, str]]:
    response = lead.post(of(study, f"crowd-links/{link['id']}/payments/"))
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_the_link_names_its_parameters_as_the_platform_fills_them_in(link: dict[str, Any]) -> None:
    assert parse_qs(urlsplit(link["url"]).query) == {
        "PROLIFIC_PID": ["{{%PROLIFIC_PID%}}"],
        "STUDY_ID": ["{{%STUDY_ID%}}"],
        "SESSION_ID": ["{{%SESSION_ID%}}"],
    }


def test_somebody_comes_in_by_the_link_without_a_name_and_comes_back_as_the_same(
    study: Study, link: dict[str, Any]
) -> None:
    offer = client_for().get(f"/api/v1/crowd/{token_of(link)}/").json()
    assert (offer["study_title"], offer["id_parameter"]) == ("Mountains", "PROLIFIC_PID")
    client, response = enter(link)
    me = response.json()
    assert me["username"].startswith("crowd-")
    assert (me["has_password"], [m["role"] for m in me["memberships"]]) == (False, ["annotator"])
    assert client.get("/api/v1/auth/me/").json()["id"] == me["id"]
    assert enter(link)[1].json()["id"] == me["id"]
    assert enter(link, "somebody-else")[1].json()["id"] != me["id"]
    external = ExternalId.objects.get(external_id=PID)
    assert external.others == OTHERS
    assert PID not in str(User.objects.values()) + str(Membership.objects.values()) + str(CrowdPlace.objects.values())


def test_the_address_without_an_id_says_what_it_lacks(link: dict[str, Any]) -> None:
    response = enter(link, " ")[1]
    assert (response.status_code, response.json()["code"]) == (422, "external_id_missing")
    assert "PROLIFIC_PID" in response.json()["fields"]


def test_nobody_is_turned_into_another_person(link: dict[str, Any], stranger: User) -> None:
    response = enter(link, client=client_for(stranger))[1]
    assert (response.status_code, response.json()["code"]) == (409, "signed_in_already")


def test_a_closed_or_full_link_lets_in_only_who_was_here(study: Study, lead: JSONClient, link: dict[str, Any]) -> None:
    assert enter(link)[1].status_code == 200
    path = of(study, f"crowd-links/{link['id']}/")
    assert lead.patch(path, {"closed": True}).json()["closed_at"] is not None
    assert (enter(link)[1].status_code, enter(link, "late")[1].status_code) == (200, 404)
    lead.patch(path, {"closed": False})
    CrowdLink.objects.update(max_people=1)
    assert (enter(link)[1].status_code, enter(link, "late")[1].status_code) == (200, 404)


def test_the_code_comes_after_the_wanted_rois_and_the_list_says_whom_to_pay(
    study: Study, lead: JSONClient, link: dict[str, Any]
) -> None:
    for _ in range(3):
        make_roi(study)
    client, _ = enter(link)
    enter(link, "=idle()")
    for rated in range(2):
        completion = client.post(of(study, "completion/")).json()
        assert completion == {"rated": rated, "wanted": 2, "code": None, "url": None}
        submit(client, claim(client, study).json()["id"])
    done = client.post(of(study, "completion/")).json()
    assert done == {"rated": 2, "wanted": 2, "code": "C0DE", "url": "https://app.example.org/complete?cc=C0DE"}
    worker, idle = pay(lead, study, link)
    assert (worker["PROLIFIC_PID"], worker["SESSION_ID"], worker["rated"]) == (PID, OTHERS["SESSION_ID"], "2")
    assert worker["completed"]
    # No spreadsheet runs what a stranger sent as an id.
    assert (idle["PROLIFIC_PID"], idle["rated"], idle["completed"]) == ("'=idle()", "0", "")
    shown = lead.get(of(study, "crowd-links/")).json()[0]
    assert (shown["people"], shown["completed"]) == (2, 1)


def test_who_did_not_come_by_a_platform_has_no_code(study: Study, annotator: User) -> None:
    response = client_for(annotator).post(of(study, "completion/"))
    assert (response.status_code, response.json()["code"]) == (404, "no_crowd_place")


def test_the_ids_are_deleted_on_their_day_and_the_ratings_stay(
    study: Study, lead: JSONClient, link: dict[str, Any]
) -> None:
    make_roi(study)
    client, _ = enter(link)
    submit(client, claim(client, study).json()["id"])
    assert purge_external_ids() == 0
    assert crowd.purge(today=timezone.localdate() + timedelta(days=29)) == 0
    assert crowd.purge(today=timezone.localdate() + timedelta(days=30)) == 1
    assert ExternalId.objects.count() == 0
    assert CrowdPlace.objects.count() == 1
    assert pay(lead, study, link) == []
    assert enter(link)[1].status_code == 404
    assert claim(client, study).status_code == 204


@pytest.mark.parametrize("day", [0, 400])
def test_the_day_lies_ahead_and_not_too_far(study: Study, lead: JSONClient, day: int) -> None:
    body = {"name": "Batch", "rois_wanted": 2, "purge_on": in_days(day)}
    assert lead.post(of(study, "crowd-links/"), body).status_code == 400


@pytest.mark.django_db(transaction=True)
def test_no_export_of_a_release_holds_an_external_id(study: Study, lead: JSONClient, link: dict[str, Any]) -> None:
    study.raters_per_roi = 1
    study.save()
    make_roi(study, image_in(study, with_files=True))
    client, response = enter(link)
    submit(client, claim(client, study).json()["id"])
    refresh_study(study=study)
    release = freeze(study)
    assert release.state == "ready", release.failure
    assert release.counts["rois"] == 1
    forbidden = [PID, *OTHERS.values(), response.json()["username"], token_of(link), link["id"]]
    for name in FORMATS:
        written = exported(release, name)
        if name == "parquet":
            # Packed: only what is read from it again shows what it says.
            written += str(pyarrow.parquet.read_table(io.BytesIO(written)).to_pylist()).encode()
        assert written, name
        for secret in forbidden:
            assert secret.encode() not in written, f"{name} holds {secret}"
    assert all(secret.encode() not in gzip.decompress(snapshot_bytes(release)) for secret in forbidden)
