"""Erasing a person: the ratings stay, everything that says whose they are goes."""

import json
from io import StringIO
from typing import Any

import pytest
from django.apps import apps
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command

from roiqa.accounts.models import ApiToken, User
from roiqa.core.models import AuditEvent
from roiqa.ratings.models import Assignment, Rating
from roiqa.studies.models import Membership, Role, Study, StudyROI
from roiqa.studies.qualification_models import ExternalId, ViewingCheck
from tests.api.factories import PASSWORD, client_for, make_invite, make_member, make_roi, make_user, token_client_for
from tests.api.qualifying import do_viewing_check, of, set_rules
from tests.api.rating_calls import claim, submit
from tests.api.test_crowd import enter, in_days

pytestmark = pytest.mark.django_db

NAME = "wilhelmina-of-the-lake"


@pytest.fixture
def person(study: Study) -> User:
    """Somebody who joined by an invite, has left an e-mail address, and rated one ROI."""
    _, token = make_invite(study)
    client_for().post(f"/api/v1/invites/{token}/accept/", {"username": NAME, "password": PASSWORD})
    user = User.objects.get(username=NAME)
    user.email, user.first_name, user.last_name = "w@example.org", "Wilhelmina", "Lake"
    user.save()
    make_roi(study)
    make_roi(study)
    client = client_for(user)
    submit(client, claim(client, study).json()["id"])
    held = claim(client, study).json()["id"]
    client.put(f"/api/v1/assignments/{held}/draft/", {"revision": 1, "draft": {"quality": 3}})
    return user


def whole_database() -> str:
    """Every row of every table as text."""
    rows = {model._meta.label: list(model._default_manager.values()) for model in apps.get_models()}
    sessions = [session.get_decoded() for session in Session.objects.all()]
    return json.dumps([rows, sessions], default=str)


def test_the_person_goes_and_the_ratings_stay(study: Study, person: User, admin: User) -> None:
    token_client_for(person)
    assert NAME in whole_database()
    seat = Membership.objects.get(user=person)
    before = list(Rating.objects.values())
    client = client_for(person)
    assert client.post("/api/v1/auth/erase/", {"password": PASSWORD}).status_code == 204
    assert client.get("/api/v1/auth/me/").status_code == 401
    left = whole_database()
    for word in (NAME, "w@example.org", "Wilhelmina", "Lake"):
        assert word not in left
    assert list(Rating.objects.values()) == before
    assert Membership.objects.get(user=person).pseudonym == seat.pseudonym
    person.refresh_from_db()
    assert (person.is_active, person.has_usable_password(), person.erased_at is not None) == (False, False, True)
    assert not ApiToken.objects.filter(user=person).exists()
    assert not any(s.get_decoded().get("_auth_user_id") == str(person.pk) for s in Session.objects.all())
    assert client_for().post("/api/v1/auth/login/", {"username": NAME, "password": PASSWORD}).status_code == 401
    # What was on their screen goes back into the queue, and their draft is gone.
    assert set(Assignment.objects.values_list("state", "draft")) == {("submitted", None), ("expired", None)}
    assert sum(StudyROI.objects.values_list("n_active", flat=True)) == 0
    (shown,) = client_for(admin).get(of(study, "annotators/")).json()["annotators"]
    assert shown["username"].startswith("erased-")


def test_the_log_says_that_and_when_but_not_who(person: User) -> None:
    client_for(person).post("/api/v1/auth/erase/", {"password": PASSWORD})
    event = AuditEvent.objects.get(action="person_erased")
    assert event.target.startswith("erased-")
    assert AuditEvent.objects.get(action="account_created").target == event.target


def test_it_takes_the_password(person: User) -> None:
    refused = client_for(person).post("/api/v1/auth/erase/", {"password": "not-it"})
    assert (refused.status_code, refused.json()["code"]) == (422, "wrong_password")
    assert "password" in refused.json()["fields"]
    person.refresh_from_db()
    assert person.username == NAME


def test_people_of_a_platform_erase_themselves_without_a_password(study: Study, admin: User) -> None:
    lead = client_for(admin)
    body = {"name": "Batch", "rois_wanted": 2, "purge_on": in_days(30)}
    link = lead.post(of(study, "crowd-links/"), body).json()
    set_rules(lead, study, ask_viewing=True)
    make_roi(study)
    client, _ = enter(link)
    check = do_viewing_check(client, study)
    claimed = client.post(of(study, "assignments/"), {"exclude": [], "viewing_check": check["id"]})
    submit(client, claimed.json()["id"])
    assert client.post("/api/v1/auth/erase/", {}).status_code == 204
    assert ExternalId.objects.count() == 0
    assert ViewingCheck.objects.get().device.int == 0
    # The platform may send them again: they are somebody new then.
    assert enter(link)[1].status_code == 200


def test_the_last_admin_of_others_cannot_leave_them_alone(study: Study, admin: User, annotator: User) -> None:
    refused = client_for(admin).post("/api/v1/auth/erase/", {"password": PASSWORD})
    assert (refused.status_code, refused.json()["code"]) == (409, "last_admin")
    make_member(study, Role.ADMIN)
    assert client_for(admin).post("/api/v1/auth/erase/", {"password": PASSWORD}).status_code == 204
    assert not Membership.objects.filter(user=admin).exists()


def erase(*arguments: Any) -> str:
    out = StringIO()
    call_command("erase_person", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_erases_too(person: User) -> None:
    assert "erased-" in erase(NAME, "--yes")
    assert NAME not in whole_database()
    assert Rating.objects.count() == 1


def test_the_command_asks_for_the_name_again(person: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: "somebody")
    with pytest.raises(CommandError, match="nothing was erased"):
        erase(NAME)
    with pytest.raises(CommandError, match="no account"):
        erase("nobody", "--yes")
    assert make_user("free").erased_at is None
