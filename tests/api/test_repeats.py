"""Repeats: an ROI comes back after twenty others, is kept apart, and says how consistent a person is."""

import pytest

from roiqa.accounts.models import User
from roiqa.ratings.models import Assignment, Rating
from roiqa.ratings.purposes import is_due
from roiqa.studies.models import Study, StudyROI
from tests.api.factories import ANSWER, client_for, make_image, make_roi
from tests.api.gold_study import make_gold, purpose_of
from tests.api.rating_calls import claim, expire, submit

pytestmark = pytest.mark.django_db


def work(annotator: User, study: Study, number: int, **answer: object) -> list[dict]:
    """Claim and answer so many ROIs; what was given out."""
    client, seen = client_for(annotator), []
    for _ in range(number):
        body = claim(client, study).json()
        seen.append(body | {"purpose": purpose_of(body["id"])})
        assert submit(client, body["id"], **answer).status_code == 201
    return seen


@pytest.fixture
def wide(study: Study) -> Study:
    """Sixty ROIs, each on its own image; every third claim is a repeat once there is one."""
    study.repeat_every = 3
    study.save()
    for _ in range(60):
        make_roi(study, make_image(study))
    return study


def test_an_roi_comes_back_after_twenty_others_and_only_once(wide: Study, annotator: User) -> None:
    seen = work(annotator, wide, 48)
    first: dict[str, int] = {}
    for number, body in enumerate(seen):
        roi = body["roi"]["id"]
        if body["purpose"] == "repeat":
            assert number - first.pop(roi) > 20
        else:
            assert roi not in first
            first[roi] = number
    repeats = [number for number, body in enumerate(seen) if body["purpose"] == "repeat"]
    assert 8 <= len(repeats) <= 10
    assert min(repeats) > 20


def test_a_repeat_never_counts_and_takes_no_slot(wide: Study, annotator: User) -> None:
    seen = work(annotator, wide, 40)
    again = [body for body in seen if body["purpose"] == "repeat"]
    for body in again:
        study_roi = StudyROI.objects.get(roi_id=body["roi"]["id"])
        assert (study_roi.n_accepted, study_roi.n_active) == (1, 0)
        statuses = Rating.objects.filter(study_roi=study_roi).order_by("created_at").values_list("status", flat=True)
        assert list(statuses) == ["accepted", "repeat"]


def test_a_repeat_that_lapsed_may_come_again_and_be_answered_late(wide: Study, annotator: User) -> None:
    client = client_for(annotator)
    held = claim(client, wide).json()["id"]
    while purpose_of(held) != "repeat":
        submit(client, held)
        held = claim(client, wide).json()["id"]
    expire(held)
    study_roi = Assignment.objects.get(pk=held).study_roi
    assert (study_roi.n_active, study_roi.n_accepted) == (0, 1)
    assert submit(client, held).status_code == 201
    assert Rating.objects.get(assignment_id=held).status == "repeat"


def test_a_repeat_that_falls_on_a_golds_place_comes_one_later(wide: Study, annotator: User) -> None:
    wide.gold_every = 3
    wide.save()
    for _ in range(30):
        make_gold(wide)
    seed = annotator.memberships.get(study=wide).order_seed

    def due(what: str) -> set[int]:
        return {n for n in range(1, 61) if is_due(every=3, order_seed=seed, claim_number=n, what=what)}

    golds, repeats = due("gold"), due("repeat")
    assert golds & repeats
    # Before the 25th claim there may be nothing to repeat yet.
    places = {min(n for n in range(first, 63) if n not in golds) for first in repeats}
    seen = [body["purpose"] for body in work(annotator, wide, 60)]
    assert {n for n, purpose in enumerate(seen, 1) if purpose == "gold"} == golds
    given = {n for n, purpose in enumerate(seen, 1) if purpose == "repeat"}
    assert {n for n in given if n > 24} == {n for n in places if 24 < n <= 60}


def test_self_consistency_shows_on_the_annotators_page(wide: Study, annotator: User, admin: User) -> None:
    work(annotator, wide, 20)
    while not Rating.objects.filter(status="repeat").exists():
        work(annotator, wide, 1, quality=1, distortions=ANSWER["distortions"] | {"noise": 1})
    [row] = client_for(admin).get(f"/api/v1/studies/{wide.slug}/annotators/").json()["annotators"]
    repeat = Rating.objects.filter(status="repeat").values_list("quality", flat=True)
    assert (row["repeats"], list(repeat)) == (1, [1])
    # 3 before and 1 again; five of six decisions the same.
    assert row["repeat_difference"] == 2
    assert row["repeat_same"] == pytest.approx(5 / 6)
