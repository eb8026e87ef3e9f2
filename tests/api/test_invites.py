"""Joining by link."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.studies.models import Invite, Membership, Role, Study
from tests.api.factories import client_for, make_invite, make_member, make_study, make_user

pytestmark = pytest.mark.django_db
PATH = "/api/v1/studies/mountains/invites/"
NEWCOMER = {"username": "nina", "password": "a-long-enough-one"}


def accept(client, token: str, body=None, **headers):
    return client.post(f"/api/v1/invites/{token}/accept/", body or {}, **headers)


def test_link_is_shown_once_and_stored_hashed(admin: User):
    made = client_for(admin).post(PATH, {"role": "annotator"})
    assert made.status_code == 201
    token = made.json()["url"].rsplit("/", 1)[-1]
    assert made.json()["url"] == f"http://testserver/join/{token}"
    assert token not in str(Invite.objects.values().get())
    listed = client_for(admin).get(PATH)
    assert [row["id"] for row in listed.json()] == [made.json()["id"]]
    assert token not in listed.content.decode()


def test_made_invite_runs_out_and_serves_once(admin: User):
    invite = client_for(admin).post(PATH, {"role": "annotator"}).json()
    assert (invite["max_uses"], invite["uses"]) == (1, 0)
    left = Invite.objects.get().expires_at - timezone.now()
    assert timedelta(days=13) < left <= timedelta(days=14)


@pytest.mark.parametrize(
    "wrong", [{"role": "owner"}, {"expires_in_days": 91}, {"expires_in_days": 0}, {"max_uses": 0}, {"max_uses": 10**12}]
)
def test_unfit_invite_is_refused(admin: User, wrong: dict):
    answer = client_for(admin).post(PATH, {"role": "annotator", **wrong})
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == list(wrong)


def test_only_admins_invite(annotator: User, ml_engineer: User):
    for user in (annotator, ml_engineer):
        assert client_for(user).post(PATH, {"role": "admin"}).status_code == 403
        assert client_for(user).get(PATH).status_code == 403


def test_anybody_with_the_link_sees_what_it_offers(study: Study):
    invite, token = make_invite(study, Role.ML_ENGINEER)
    assert client_for().get(f"/api/v1/invites/{token}/").json() == {
        "study": "mountains",
        "study_title": "Mountains",
        "role": "ml_engineer",
        "expires_at": invite.expires_at.isoformat().replace("+00:00", "Z"),
    }


@pytest.mark.parametrize(
    "state", [{"expires_at": timezone.now() - timedelta(days=1)}, {"max_uses": 2, "uses": 2}], ids=["old", "used up"]
)
def test_useless_invite_looks_like_an_unknown_one(study: Study, state: dict):
    _, token = make_invite(study, **state)
    client = client_for()
    useless, unknown = client.get(f"/api/v1/invites/{token}/"), client.get("/api/v1/invites/never-was/")
    assert useless.status_code == unknown.status_code == 404
    assert useless.json() == unknown.json()
    assert accept(client, token, NEWCOMER).status_code == 404
    assert not User.objects.filter(username="nina").exists()


def test_newcomer_gets_an_account_and_is_signed_in(study: Study):
    _, token = make_invite(study)
    client = client_for()
    answer = accept(client, token, NEWCOMER)
    assert answer.status_code == 200
    assert answer.json()["memberships"] == [{"study": "mountains", "study_title": "Mountains", "role": "annotator"}]
    assert client.get("/api/v1/auth/me/").json()["username"] == "nina"
    made = User.objects.get(username="nina")
    assert not (made.is_staff or made.is_superuser or made.can_create_studies)


def test_signed_in_person_joins(study: Study, stranger: User):
    _, token = make_invite(study)
    assert accept(client_for(stranger), token).status_code == 200
    assert Membership.objects.get(user=stranger).role == Role.ANNOTATOR


def test_single_use_invite_takes_one_person(study: Study, stranger: User):
    _, token = make_invite(study)
    assert accept(client_for(stranger), token).status_code == 200
    assert accept(client_for(make_user()), token).status_code == 404
    assert Membership.objects.filter(study=study).count() == 1


def test_accepting_again_changes_nothing(study: Study, stranger: User):
    invite, token = make_invite(study, max_uses=5)
    for _ in range(2):
        assert accept(client_for(stranger), token).status_code == 200
    invite.refresh_from_db()
    assert invite.uses == 1


def test_lost_answer_to_a_single_use_accept_can_be_asked_for_again(study: Study, stranger: User):
    _, token = make_invite(study)
    assert [accept(client_for(stranger), token).status_code for _ in range(2)] == [200, 200]


def test_invite_never_lifts_an_exclusion(study: Study):
    excluded = make_member(study, excluded_at=timezone.now())
    _, token = make_invite(study)
    accept(client_for(excluded.user), token)
    excluded.refresh_from_db()
    assert excluded.excluded_at is not None


@pytest.mark.parametrize("body", [{}, {"username": "nina"}, {"password": "a-long-enough-one"}])
def test_newcomer_needs_name_and_password(study: Study, body: dict):
    _, token = make_invite(study)
    answer = accept(client_for(), token, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "credentials_needed")


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"username": "ANNA"}, 409, "username_taken"),
        ({"username": "ni na"}, 422, "username_unfit"),
        ({"password": "12345"}, 422, "password_too_weak"),
        ({"is_superuser": True}, 400, "invalid"),
        ({"role": "admin"}, 400, "invalid"),
    ],
)
def test_unfit_newcomer_is_refused_and_uses_nothing_up(
    study: Study, annotator: User, changed: dict, status: int, code: str
):
    invite, token = make_invite(study)
    answer = accept(client_for(), token, NEWCOMER | changed)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    invite.refresh_from_db()
    assert invite.uses == 0
    assert User.objects.count() == 1


def test_signed_in_person_sends_no_credentials(study: Study, stranger: User):
    _, token = make_invite(study)
    answer = accept(client_for(stranger), token, NEWCOMER)
    assert (answer.status_code, answer.json()["code"]) == (422, "signed_in_already")


def test_newcomer_needs_the_csrf_token(study: Study):
    _, token = make_invite(study)
    assert accept(client_for(check_csrf=True), token, NEWCOMER).json()["code"] == "csrf_failed"
    assert not User.objects.exists()


def test_revoked_invite_is_gone(study: Study, admin: User):
    invite, token = make_invite(study)
    assert client_for(admin).delete(f"{PATH}{invite.pk}/").status_code == 204
    assert client_for().get(f"/api/v1/invites/{token}/").status_code == 404


def test_sign_up_without_an_invite_is_impossible(db: None):
    assert accept(client_for(), "made-up-token", NEWCOMER).status_code == 404
    assert client_for().post("/api/v1/auth/login/", NEWCOMER).status_code == 401
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_single_use_invite_takes_one_person_even_when_many_come_at_once():
    study = make_study("mountains")
    _, token = make_invite(study)
    clients = [client_for(make_user()) for _ in range(4)]
    together = threading.Barrier(len(clients))

    def join(client) -> int:
        together.wait(timeout=10)
        try:
            return accept(client, token).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(clients)) as pool:
        assert sorted(pool.map(join, clients)) == [200, 404, 404, 404]
    assert Membership.objects.filter(study=study).count() == 1
