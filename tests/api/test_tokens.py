"""API tokens: shown once, stored hashed, deleted by their owner only."""

from datetime import timedelta

import pytest
from django.utils import timezone

from roiqa.accounts.models import ApiToken, User
from roiqa.accounts.services import MAX_TOKENS
from tests.api.factories import PASSWORD, JSONClient, client_for, make_token, make_user, token_client_for

pytestmark = pytest.mark.django_db


def make_over_http(username: str = "ada", **fields: str):
    return client_for().post("/api/v1/auth/token/", {"username": username, "password": PASSWORD, **fields})


def test_token_is_made_with_name_and_password(admin: User):
    answer = make_over_http(name="import script")
    assert answer.status_code == 201
    assert answer.json().keys() == {"id", "name", "token", "created_at", "expires_at"}
    client = JSONClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {answer.json()['token']}")
    assert client.get("/api/v1/auth/me/").json()["username"] == "ada"


def test_making_a_token_opens_no_session_and_needs_no_csrf_token(admin: User):
    client = client_for(check_csrf=True)
    answer = client.post("/api/v1/auth/token/", {"username": "ada", "password": PASSWORD})
    assert answer.status_code == 201
    assert not answer.cookies


def test_only_a_hash_of_the_token_is_stored(admin: User):
    secret = make_over_http().json()["token"]
    row = ApiToken.objects.values().get()
    assert secret not in str(row)
    assert len(row["digest"]) == 64


def test_list_never_shows_the_secret(admin: User):
    _, secret = make_token(admin)
    answer = client_for(admin).get("/api/v1/auth/tokens/")
    assert [set(row) for row in answer.json()] == [{"id", "name", "prefix", "created_at", "last_used_at", "expires_at"}]
    assert secret not in answer.content.decode()


def test_list_holds_only_my_own(admin: User, stranger: User):
    make_token(stranger)
    assert client_for(admin).get("/api/v1/auth/tokens/").json() == []


def test_deleted_token_is_refused_at_once(admin: User):
    token, _ = make_token(admin)
    program = token_client_for(admin)
    mine = ApiToken.objects.exclude(pk=token.pk).get()
    assert client_for(admin).delete(f"/api/v1/auth/tokens/{mine.pk}/").status_code == 204
    answer = program.get("/api/v1/auth/me/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == "Token"


def test_somebody_elses_token_cannot_be_deleted(admin: User, stranger: User):
    token, _ = make_token(stranger)
    answer = client_for(admin).delete(f"/api/v1/auth/tokens/{token.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (404, "token_not_found")
    assert ApiToken.objects.filter(pk=token.pk).exists()


def test_expired_token_is_refused(admin: User):
    program = token_client_for(admin)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert program.get("/api/v1/auth/me/").status_code == 401


@pytest.mark.parametrize("header", ["Token", "Token a b", "Token nonsense", "token \xff"])
def test_malformed_header_is_refused_not_ignored(admin: User, header: str):
    client = client_for(admin)
    client.credentials(HTTP_AUTHORIZATION=header)
    assert client.get("/api/v1/auth/me/").status_code == 401


def test_basic_authentication_is_not_offered(admin: User):
    client = JSONClient()
    client.credentials(HTTP_AUTHORIZATION="Basic YWRhOmNvcnJlY3QtaG9yc2UtYmF0dGVyeQ==")
    assert client.get("/api/v1/auth/me/").status_code == 401


def test_a_token_needs_no_csrf_token(admin: User):
    client = JSONClient(enforce_csrf_checks=True)
    client.credentials(HTTP_AUTHORIZATION=f"Token {make_token(admin)[1]}")
    assert client.post("/api/v1/auth/logout/").status_code == 204


def test_one_person_has_a_limited_number_of_tokens():
    user = make_user("ada")
    for _ in range(MAX_TOKENS):
        make_token(user)
    answer = make_over_http()
    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_tokens")
    ApiToken.objects.filter(pk=ApiToken.objects.earliest("created_at").pk).update(expires_at=timezone.now())
    assert make_over_http().status_code == 201
