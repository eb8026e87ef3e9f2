"""Sessions: warm-up with weight 0, breaks that are due, and rests that begin anew."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.ratings.models import Rating
from roiqa.studies.models import Study, StudyROI
from tests.api.factories import client_for, make_image, make_member, make_roi
from tests.api.gold_study import purpose_of, rest
from tests.api.rating_calls import claim, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def busy(study: Study) -> Study:
    """Twelve ROIs on images of their own, and a panel with people to spare."""
    for _ in range(12):
        make_roi(study, make_image(study))
    for _ in range(9):
        make_member(study)
    return study


def purposes(annotator: User, study: Study, number: int) -> list[str]:
    client, seen = client_for(annotator), []
    for _ in range(number):
        held = claim(client, study).json()["id"]
        seen.append(purpose_of(held))
        submit(client, held)
    return seen


def test_the_first_rois_of_each_session_do_not_count_and_give_their_slot_back(busy: Study, annotator: User) -> None:
    busy.warm_up_rois = 2
    busy.save()
    assert purposes(annotator, busy, 4) == ["warm_up", "warm_up", "label", "label"]
    rest(annotator, busy, minutes=4)
    assert purposes(annotator, busy, 1) == ["label"]
    rest(annotator, busy, minutes=6)
    assert purposes(annotator, busy, 3) == ["warm_up", "warm_up", "label"]
    assert Rating.objects.filter(status="warm_up").count() == 4
    taken = StudyROI.objects.values_list("n_accepted", "n_active")
    assert sum(accepted for accepted, _ in taken) == 4
    assert sum(active for _, active in taken) == 0


def test_a_warm_up_gives_way_where_everybody_is_needed(study: Study) -> None:
    study.raters_per_roi, study.warm_up_rois = 2, 3
    study.save()
    study_roi = make_roi(study)
    people = [make_member(study).user for _ in range(3)]
    assert [purposes(person, study, 1) for person in people] == [["warm_up"], ["label"], ["label"]]
    study_roi.refresh_from_db()
    assert (study_roi.n_accepted, study_roi.slots_left) == (2, 0)


def test_a_break_is_due_after_so_many_rois_and_says_when_it_ends(busy: Study, annotator: User) -> None:
    busy.break_after_rois = 3
    busy.save()
    purposes(annotator, busy, 3)
    client = client_for(annotator)
    refused = claim(client, busy)
    assert (refused.status_code, refused.json()["code"]) == (409, "break_due")
    left = datetime.fromisoformat(refused.json()["ends_at"]) - timezone.now()
    assert timedelta(minutes=4.5) < left <= timedelta(minutes=5)
    assert 270 < refused.json()["seconds"] <= 300
    rest(annotator, busy, minutes=3)
    assert claim(client, busy).status_code == 409
    rest(annotator, busy, minutes=2.1)
    assert claim(client, busy).status_code == 201


def test_a_break_is_due_after_so_many_minutes(busy: Study, annotator: User) -> None:
    busy.break_after_minutes = 10
    busy.save()
    for _ in range(3):
        purposes(annotator, busy, 1)
        rest(annotator, busy, minutes=4)
    assert claim(client_for(annotator), busy).json()["code"] == "break_due"


def test_what_is_on_screen_can_be_finished_in_a_break_and_answering_is_no_rest(busy: Study, annotator: User) -> None:
    busy.break_after_rois = 1
    busy.save()
    client = client_for(annotator)
    held = claim(client, busy).json()["id"]
    rest(annotator, busy, minutes=4)
    assert claim(client, busy).json()["id"] == held, "a reload shows it again"
    assert submit(client, held).status_code == 201
    rest(annotator, busy, minutes=4)
    refused = claim(client, busy)
    assert refused.json()["code"] == "break_due"
    assert datetime.fromisoformat(refused.json()["ends_at"]) - timezone.now() < timedelta(minutes=1.1)


def test_nobody_rests_when_nothing_is_left(study: Study, annotator: User) -> None:
    study.break_after_rois = 1
    study.save()
    make_roi(study)
    purposes(annotator, study, 1)
    assert claim(client_for(annotator), study).status_code == 204


def test_a_refused_claim_leaves_no_slot_taken(busy: Study, annotator: User) -> None:
    busy.break_after_rois = 1
    busy.save()
    purposes(annotator, busy, 1)
    claim(client_for(annotator), busy)
    assert not StudyROI.objects.filter(n_active__gt=0).exists()
