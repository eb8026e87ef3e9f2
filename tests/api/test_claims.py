"""The claim and its lease through the API."""

from datetime import timedelta

import pytest
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.ratings.models import Assignment
from roiqa.ratings.walk import walk_point
from roiqa.studies.models import Study, StudyROI
from tests.api.factories import client_for, make_image, make_member, make_roi
from tests.api.rating_calls import claim, expire, submit

pytestmark = pytest.mark.django_db


def test_a_claim_gives_an_roi_with_its_mask_and_image(study: Study, annotator: User) -> None:
    study_roi = make_roi(study)
    response = claim(client_for(annotator), study)
    assert response.status_code == 201
    body = response.json()
    assert body["roi"]["id"] == str(study_roi.roi_id)
    assert body["roi"]["segmentation"]["size"] == [120, 160]
    assert body["image"]["file_url"] == f"/api/v1/images/{study_roi.image_id}/file/"
    assert body["draft"] is None


def test_nothing_left_is_204(study: Study, annotator: User) -> None:
    assert claim(client_for(annotator), study).status_code == 204


def test_a_reload_gets_the_claim_it_held(study: Study, annotator: User) -> None:
    make_roi(study)
    make_roi(study)
    client = client_for(annotator)
    first = claim(client, study).json()
    again = claim(client, study)
    assert (again.status_code, again.json()["id"]) == (200, first["id"])


def test_the_page_can_claim_one_ahead_but_not_two(study: Study, annotator: User) -> None:
    for _ in range(3):
        make_roi(study)
    client = client_for(annotator)
    first = claim(client, study).json()["id"]
    second = claim(client, study, first)
    assert second.status_code == 201
    third = claim(client, study, first, second.json()["id"])
    assert (third.status_code, third.json()["code"]) == (409, "enough_claimed")


def test_an_roi_takes_no_more_annotators_than_the_protocol_says(study: Study) -> None:
    study_roi = make_roi(study)
    answers = [claim(client_for(make_member(study).user), study).status_code for _ in range(8)]
    assert answers == [201] * 7 + [204]
    study_roi.refresh_from_db()
    assert study_roi.slots_left == 0


def test_an_annotator_never_gets_an_roi_twice(study: Study, annotator: User) -> None:
    make_roi(study)
    client = client_for(annotator)
    submit(client, claim(client, study).json()["id"])
    assert claim(client, study).status_code == 204


def test_two_rois_of_one_image_do_not_follow_each_other_while_others_wait(study: Study, annotator: User) -> None:
    images = [make_image(study) for _ in range(4)]
    for image in images:
        for left in (0, 40, 80):
            make_roi(study, image, box=(left, 0, 36, 36))
    client = client_for(annotator)
    shown = []
    for _ in range(12):
        assignment = claim(client, study).json()
        shown.append(assignment["image"]["id"])
        submit(client, assignment["id"])
    # Near the end a repeat can be all that is left; until another image is gone it never happens.
    remaining = {str(image.pk): 3 for image in images}
    for previous, current in zip([None, *shown], shown, strict=False):
        if previous == current:
            assert all(count == 0 for key, count in remaining.items() if key != current)
        remaining[current] -= 1


def test_each_annotator_has_a_random_order_of_their_own(study: Study) -> None:
    for _ in range(8):
        make_roi(study)
    orders = []
    for _ in range(2):
        client = client_for(make_member(study).user)
        order = []
        for _ in range(8):
            assignment = claim(client, study).json()
            order.append(assignment["roi"]["id"])
            submit(client, assignment["id"])
        orders.append(order)
    assert sorted(orders[0]) == sorted(orders[1])
    assert orders[0] != orders[1]


def test_the_same_seed_walks_the_same_order(study: Study) -> None:
    points = [walk_point(42, number) for number in range(1000)]
    assert points == [walk_point(42, number) for number in range(1000)]
    assert len(set(points)) == 1000
    assert 0.45 < sum(points) / 1000 / StudyROI.SHUFFLE_KEYS < 0.55


@pytest.mark.parametrize("state", ["paused", "closed"])
def test_a_study_that_is_not_open_gives_no_new_roi_but_takes_what_is_out(
    study: Study, annotator: User, state: str
) -> None:
    make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    Study.objects.filter(pk=study.pk).update(state=state)
    assert claim(client, study).json()["id"] == assignment
    assert submit(client, assignment).status_code == 201
    refused = claim(client, study)
    assert (refused.status_code, refused.json()["code"]) == (409, f"study_{state}")


def test_a_lapsed_lease_gives_the_slot_back(study: Study, annotator: User) -> None:
    study.raters_per_roi = 1
    study.save()
    study_roi = make_roi(study)
    expire(claim(client_for(annotator), study).json()["id"])
    study_roi.refresh_from_db()
    assert study_roi.slots_left == 1
    assert claim(client_for(make_member(study).user), study).status_code == 201


def test_a_claim_finds_lapsed_leases_that_nobody_has_swept(study: Study, annotator: User) -> None:
    study.raters_per_roi = 1
    study.save()
    make_roi(study)
    assignment = claim(client_for(annotator), study).json()["id"]
    Assignment.objects.filter(pk=assignment).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    assert claim(client_for(make_member(study).user), study).status_code == 201


def test_the_same_annotator_may_take_a_lapsed_claim_again(study: Study, annotator: User) -> None:
    make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    expire(assignment)
    again = claim(client, study)
    assert (again.status_code, again.json()["id"]) == (201, assignment)


def test_renewing_extends_the_lease_and_a_lapsed_one_says_so(study: Study, annotator: User) -> None:
    make_roi(study)
    client = client_for(annotator)
    body = claim(client, study).json()
    renewed = client.post(f"/api/v1/assignments/{body['id']}/renew/")
    assert renewed.json()["lease_expires_at"] > body["lease_expires_at"]
    expire(body["id"])
    refused = client.post(f"/api/v1/assignments/{body['id']}/renew/")
    assert (refused.status_code, refused.json()["code"]) == (409, "assignment_not_active")


def test_giving_back_frees_the_slot_at_once(study: Study, annotator: User) -> None:
    study_roi = make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    assert client.post(f"/api/v1/assignments/{assignment}/release/").status_code == 204
    study_roi.refresh_from_db()
    assert study_roi.slots_left == 7


def test_admins_who_are_no_annotators_do_not_rate(study: Study, admin: User) -> None:
    make_roi(study)
    refused = claim(client_for(admin), study)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_an_annotator")
