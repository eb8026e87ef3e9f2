"""Signing in and out with a session, and changing the password."""

import pytest
from django.contrib.sessions.models import Session

from roiqa.accounts.models import User
from roiqa.core.models import AuditEvent
from roiqa.studies.models import Role, Study
from tests.api.factories import PASSWORD, client_for, make_member, make_user, token_client_for

pytestmark = pytest.mark.django_db


def log_in(client, username="ada", password=PASSWORD, **headers):
    return client.post("/api/v1/auth/login/", {"username": username, "password": password}, **headers)


def csrf_of(client) -> dict[str, str]:
    client.get("/api/v1/auth/csrf/")
    return {"HTTP_X_CSRFTOKEN": client.cookies["csrftoken"].value}


def test_log_in_answers_who_i_am_and_in_which_studies(study: Study, admin: User):
    make_member(study, Role.ANNOTATOR, user=admin)
    answer = log_in(client_for())
    assert answer.status_code == 200
    assert answer.json() == {
        "id": str(admin.pk),
        "username": "ada",
        "display_name": "ada",
        "can_create_studies": False,
        "has_password": True,
        "memberships": [
            {"study": "mountains", "study_title": "Mountains", "role": "admin"},
            {"study": "mountains", "study_title": "Mountains", "role": "annotator"},
        ],
    }


def test_log_in_opens_a_session_that_later_requests_use(admin: User):
    client = client_for()
    log_in(client)
    assert client.get("/api/v1/auth/me/").json()["username"] == "ada"


def test_log_in_gives_the_session_a_new_key(admin: User):
    client = client_for(make_user("other"))
    before = client.session.session_key
    log_in(client)
    assert client.session.session_key != before
    assert not Session.objects.filter(session_key=before).exists()


def test_log_in_without_csrf_token_is_refused(admin: User):
    answer = log_in(client_for(check_csrf=True))
    assert (answer.status_code, answer.json()["code"]) == (403, "csrf_failed")


def test_log_in_with_csrf_token_is_taken(admin: User):
    client = client_for(check_csrf=True)
    assert log_in(client, **csrf_of(client)).status_code == 200


@pytest.mark.parametrize(("username", "password"), [("ada", "wrong"), ("nobody", PASSWORD), ("ADA", PASSWORD)])
def test_wrong_credentials_look_alike(admin: User, username: str, password: str):
    answer = log_in(client_for(), username, password)
    assert (answer.status_code, answer.json()["code"]) == (401, "wrong_credentials")
    assert "sessionid" not in answer.cookies


def test_log_in_with_unknown_field_names_it(admin: User):
    answer = client_for().post("/api/v1/auth/login/", {"username": "ada", "password": PASSWORD, "is_staff": True})
    assert answer.status_code == 400
    assert "is_staff" in answer.json()["fields"]


@pytest.mark.parametrize(
    "body",
    [
        '{"username": "a\\u0000b", "password": "x"}',
        '{"username": "\\ud800", "password": "x"}',
        '{"username": 7, "password": "x"}',
        '{"username": null, "password": "x"}',
        '{"username": "%s", "password": "x"}' % ("a" * 200),
        '{"username": NaN, "password": "x"}',
        "[]",
        '"text"',
        "null",
        "",
        "{",
        b"\xff\xfe",
        "[" * 100_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_makes_no_sense_is_refused_not_a_crash(db: None, body: str):
    answer = client_for().post("/api/v1/auth/login/", body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json()["code"] in {"invalid", "parse_error"}


def test_guessing_is_slowed_per_name(admin: User):
    client = client_for()
    answers = [log_in(client, password=f"guess{i}") for i in range(11)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429]
    assert 1 <= int(answers[-1]["Retry-After"]) <= 61
    assert log_in(client, "somebody-else").status_code == 401


def test_guessing_over_many_names_is_slowed_per_address(db: None):
    client = client_for()
    statuses = [log_in(client, f"name{i}").status_code for i in range(61)]
    assert statuses == [401] * 60 + [429]


def test_a_stranger_elsewhere_cannot_lock_somebody_out(admin: User):
    for i in range(11):
        log_in(client_for(), password=f"guess{i}", REMOTE_ADDR="192.0.2.7")
    assert log_in(client_for(), REMOTE_ADDR="192.0.2.8").status_code == 200


def test_log_out_ends_the_session(admin: User):
    client = client_for(admin)
    assert client.post("/api/v1/auth/logout/").status_code == 204
    assert client.get("/api/v1/auth/me/").status_code == 401


def test_me_sets_the_csrf_cookie_for_strangers_too(db: None):
    client = client_for()
    answer = client.get("/api/v1/auth/me/")
    assert answer.status_code == 401
    assert answer.json()["code"] == "not_authenticated"
    assert client.cookies["csrftoken"].value


def test_an_inactive_user_is_refused_in_every_scheme(admin: User):
    session, program = client_for(admin), token_client_for(admin)
    assert session.get("/api/v1/auth/me/").status_code == program.get("/api/v1/auth/me/").status_code == 200
    User.objects.filter(pk=admin.pk).update(is_active=False)
    assert log_in(client_for()).status_code == 401
    assert session.get("/api/v1/auth/me/").status_code == 401
    assert program.get("/api/v1/auth/me/").status_code == 401
    made = client_for().post("/api/v1/auth/token/", {"username": "ada", "password": PASSWORD})
    assert made.status_code == 401


class TestPassword:
    PATH = "/api/v1/auth/password/"
    NEW = "a-quite-different-one"

    def test_change_keeps_this_session_and_ends_the_others(self, admin: User):
        here, elsewhere = client_for(admin), client_for(admin)
        answer = here.post(self.PATH, {"old_password": PASSWORD, "new_password": self.NEW})
        assert answer.status_code == 204
        assert here.get("/api/v1/auth/me/").status_code == 200
        assert elsewhere.get("/api/v1/auth/me/").status_code == 401
        assert log_in(client_for(), password=self.NEW).status_code == 200

    def test_change_keeps_tokens(self, admin: User):
        program = token_client_for(admin)
        client_for(admin).post(self.PATH, {"old_password": PASSWORD, "new_password": self.NEW})
        assert program.get("/api/v1/auth/me/").status_code == 200

    def test_change_by_a_program_opens_no_session(self, admin: User):
        answer = token_client_for(admin).post(self.PATH, {"old_password": PASSWORD, "new_password": self.NEW})
        assert answer.status_code == 204
        assert "sessionid" not in answer.cookies

    def test_wrong_old_password_is_refused(self, admin: User):
        answer = client_for(admin).post(self.PATH, {"old_password": "wrong", "new_password": self.NEW})
        assert (answer.status_code, answer.json()["code"]) == (422, "wrong_old_password")

    @pytest.mark.parametrize("weak", ["short", "password123", "ada"])
    def test_weak_new_password_is_refused_with_the_reason(self, admin: User, weak: str):
        answer = client_for(admin).post(self.PATH, {"old_password": PASSWORD, "new_password": weak})
        assert (answer.status_code, answer.json()["code"]) == (422, "password_too_weak")
        assert answer.json()["fields"]["new_password"]

    def test_spaces_around_a_password_are_part_of_it(self, admin: User):
        client_for(admin).post(self.PATH, {"old_password": PASSWORD, "new_password": f" {self.NEW} "})
        assert log_in(client_for(), password=self.NEW).status_code == 401
        assert log_in(client_for(), password=f" {self.NEW} ").status_code == 200

    def test_change_is_written_to_the_audit_log_without_the_password(self, admin: User):
        client_for(admin).post(self.PATH, {"old_password": PASSWORD, "new_password": self.NEW})
        event = AuditEvent.objects.get(action="password_changed")
        assert event.actor == admin
        assert self.NEW not in str(event.details)
