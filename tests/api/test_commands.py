"""The commands for people who script: create_user, create_study, add_member."""

import io

import pytest
from django.core.management import CommandError, call_command

from roiqa.accounts.models import User
from roiqa.studies.models import Membership, Role, Study
from tests.api.factories import make_user

pytestmark = pytest.mark.django_db


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str, stdin: str = "") -> str:
    monkeypatch.setattr("sys.stdin", io.StringIO(stdin))
    output = io.StringIO()
    call_command(*arguments, stdout=output)
    return output.getvalue()


def test_account_is_made_with_a_password_from_a_pipe(monkeypatch):
    said = run(monkeypatch, "create_user", "lea", "--can-create-studies", stdin="a-long-enough-one\n")
    assert said == "Made the account lea.\n"
    user = User.objects.get(username="lea")
    assert user.check_password("a-long-enough-one")
    assert user.may_create_studies
    assert not user.is_superuser


@pytest.mark.parametrize("stdin", ["", "\n", "12345\n"])
def test_account_without_a_fit_password_is_not_made(monkeypatch, stdin: str):
    with pytest.raises(CommandError, match="password"):
        run(monkeypatch, "create_user", "lea", stdin=stdin)
    assert not User.objects.exists()


def test_password_is_no_argument(monkeypatch):
    with pytest.raises(CommandError, match="unrecognized arguments"):
        run(monkeypatch, "create_user", "lea", "--password=a-long-enough-one")


def test_study_is_made_with_its_admin(monkeypatch):
    lea = make_user("lea", can_create_studies=True)
    said = run(monkeypatch, "create_study", "Phone cameras", "--admin", "lea", "--raters-per-roi", "5")
    assert said == "Made the study phone-cameras.\n"
    study = Study.objects.get()
    assert study.raters_per_roi == 5
    assert Membership.objects.get(study=study, user=lea).role == Role.ADMIN


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--admin", "nobody"], "no account 'nobody'"),
        (["--admin", "sven"], "may not make studies"),
        (["--admin", "lea", "--raters-per-roi", "101"], "raters_per_roi: .*100"),
        (["--admin", "lea", "--slug", "No Slug"], "slug: "),
        (["--admin", "lea", "--segmentation-model", "sam-vit-h"], "no segmentation model 'sam-vit-h'"),
    ],
)
def test_unfit_study_is_refused_in_one_line(monkeypatch, arguments: list[str], why: str):
    make_user("lea", can_create_studies=True)
    make_user("sven")
    with pytest.raises(CommandError, match=why):
        run(monkeypatch, "create_study", "Title", *arguments)
    assert not Study.objects.exists()


def test_member_is_added(monkeypatch, study: Study, stranger: User):
    assert run(monkeypatch, "add_member", "mountains", "sven", "annotator") == "sven is annotator of mountains.\n"
    assert Membership.objects.get(user=stranger).role == Role.ANNOTATOR


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["nowhere", "anna", "annotator"], "no study 'nowhere'"),
        (["mountains", "nobody", "annotator"], "no account 'nobody'"),
        (["mountains", "anna", "annotator"], "annotator of 'mountains' already"),
        (["mountains", "anna", "boss"], "invalid choice"),
    ],
)
def test_unfit_member_is_refused_in_one_line(monkeypatch, annotator: User, arguments: list[str], why: str):
    with pytest.raises(CommandError, match=why):
        run(monkeypatch, "add_member", *arguments)
