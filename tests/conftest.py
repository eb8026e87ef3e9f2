"""A study with one person of each kind, and an installation with one segmentation model."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from roiqa.accounts.models import User
from roiqa.regions.segmentation_models import SegmentationModel, find
from roiqa.studies.models import Role, Study
from tests.api.factories import make_member, make_study, make_user

# Before torch starts its pool: on small problems a second thread only waits, and two test runs then wait for each other.
os.environ.setdefault("OMP_NUM_THREADS", "1")

TEST_WEIGHTS = Path(__file__).parent / "weights"


@pytest.fixture(autouse=True)
def _numbers_as_they_are() -> None:
    """Training makes the processor take the smallest numbers for zero, for the process; another test must not meet that."""
    if torch := sys.modules.get("torch"):
        torch.set_flush_denormal(False)


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


@pytest.fixture
def tiny_sam(settings: Any) -> SegmentationModel:
    """The one model with weights that there is: random ones, so small that more than one thread only waits."""
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    settings.SEGMENTATION_FOLDERS = [TEST_WEIGHTS]
    return find("tiny-sam")
