"""Members of a study: roles are listed, given and taken away by its admins."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections

from roiqa.accounts.models import User
from roiqa.core.models import AuditEvent
from roiqa.studies.models import Membership, Role, Study
from tests.api.factories import client_for, make_member, make_study, make_user

pytestmark = pytest.mark.django_db
PATH = "/api/v1/studies/mountains/members/"


def id_of(user: User, role: str = Role.ANNOTATOR) -> str:
    return str(Membership.objects.get(user=user, role=role, study__slug="mountains").pk)


def test_admin_sees_everybody(admin: User, annotator: User, foreign_admin: User):
    rows = client_for(admin).get(PATH).json()
    assert [(row["username"], row["role"]) for row in rows] == [("ada", "admin"), ("anna", "annotator")]
    assert rows[1]["pseudonym"] == str(Membership.objects.get(user=annotator).pseudonym)


def test_annotators_and_engineers_do_not_see_members(annotator: User, ml_engineer: User):
    for user in (annotator, ml_engineer):
        answer = client_for(user).get(PATH)
        assert answer.status_code == 403
        assert "anna" not in answer.content.decode()


def test_member_can_be_given_another_role(admin: User, annotator: User):
    answer = client_for(admin).post(PATH, {"username": "anna", "role": "ml_engineer"})
    assert answer.status_code == 201
    assert set(Membership.objects.filter(user=annotator).values_list("role", flat=True)) == {"annotator", "ml_engineer"}
    assert AuditEvent.objects.get(action="member_added").details == {"username": "anna", "role": "ml_engineer"}


def test_same_role_twice_is_refused(admin: User, annotator: User):
    answer = client_for(admin).post(PATH, {"username": "anna", "role": "annotator"})
    assert (answer.status_code, answer.json()["code"]) == (409, "already_member")


def test_outsiders_look_like_missing_accounts(admin: User, stranger: User):
    client = client_for(admin)
    there, missing = (client.post(PATH, {"username": name, "role": "annotator"}) for name in ("sven", "nobody"))
    assert there.status_code == missing.status_code == 404
    assert there.json()["detail"].replace("sven", "nobody") == missing.json()["detail"]


def test_annotator_cannot_become_admin_alone(annotator: User):
    answer = client_for(annotator).post(PATH, {"username": "anna", "role": "admin"})
    assert answer.status_code == 403
    assert not Membership.objects.filter(user=annotator, role=Role.ADMIN).exists()


def test_removed_member_loses_access_at_once(admin: User, annotator: User):
    client = client_for(annotator)
    assert client.get("/api/v1/studies/mountains/").status_code == 200
    assert client_for(admin).delete(f"{PATH}{id_of(annotator)}/").status_code == 204
    assert client.get("/api/v1/studies/mountains/").status_code == 404


def test_annotator_who_had_rois_is_kept(admin: User, annotator: User):
    Membership.objects.filter(user=annotator).update(claims_made=1)
    answer = client_for(admin).delete(f"{PATH}{id_of(annotator)}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "member_has_answers")


def test_last_admin_cannot_be_removed(admin: User):
    answer = client_for(admin).delete(f"{PATH}{id_of(admin, Role.ADMIN)}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "last_admin")


def test_one_of_two_admins_can_leave(admin: User, study: Study):
    make_member(study, Role.ADMIN)
    assert client_for(admin).delete(f"{PATH}{id_of(admin, Role.ADMIN)}/").status_code == 204


def test_member_of_another_study_is_not_found(admin: User):
    foreign = make_member(make_study("other"), user=make_user("olga"))
    answer = client_for(admin).delete(f"{PATH}{foreign.pk}/")
    assert (answer.status_code, answer.json()["code"]) == (404, "member_not_found")
    assert Membership.objects.filter(pk=foreign.pk).exists()


@pytest.mark.django_db(transaction=True)
def test_two_admins_cannot_remove_each_other_at_the_same_moment():
    study = make_study("mountains")
    admins = [make_member(study, Role.ADMIN) for _ in range(2)]
    together = threading.Barrier(2)

    def remove(pair: tuple[Membership, Membership]) -> int:
        by, whom = pair
        client = client_for(by.user)
        together.wait(timeout=10)
        try:
            return client.delete(f"{PATH}{whom.pk}/").status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        statuses = list(pool.map(remove, [(admins[0], admins[1]), (admins[1], admins[0])]))
    assert statuses.count(204) == 1
    assert Membership.objects.filter(study=study, role=Role.ADMIN).count() == 1
