"""A study with one person of each kind."""

import pytest

from roiqa.accounts.models import User
from roiqa.studies.models import Role, Study
from tests.api.factories import make_member, make_study, make_user


@pytest.fixture
def study(db: None) -> Study:
    return make_study("mountains", title="Mountains")


@pytest.fixture
def admin(study: Study) -> User:
    return make_member(study, Role.ADMIN, user=make_user("ada")).user


@pytest.fixture
def annotator(study: Study) -> User:
    return make_member(study, Role.ANNOTATOR, user=make_user("anna")).user


@pytest.fixture
def ml_engineer(study: Study) -> User:
    return make_member(study, Role.ML_ENGINEER, user=make_user("emil")).user


@pytest.fixture
def stranger(db: None) -> User:
    """Signed in, but a member of nothing."""
    return make_user("sven")


@pytest.fixture
def foreign_admin(db: None) -> User:
    """An admin, but of another study."""
    return make_member(make_study("elsewhere"), Role.ADMIN, user=make_user("fred")).user
