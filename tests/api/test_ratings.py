"""The rating flow through the API: claim, draft, submit, skip, undo."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.ratings.leases import expire_leases
from roiqa.ratings.models import Assignment, Rating
from roiqa.studies.models import Membership, Role, Study, StudyROI
from tests.api.factories import ANSWER, JSONClient, client_for, make_image, make_member, make_roi

pytestmark = pytest.mark.django_db


def claim(client: JSONClient, study: Study, *exclude: str) -> Any:
    return client.post(f"/api/v1/studies/{study.slug}/assignments/", {"exclude": list(exclude)})


def submit(client: JSONClient, assignment: str, *, key: str = "", **changes: Any) -> Any:
    return client.post(
        f"/api/v1/assignments/{assignment}/rating/",
        {**ANSWER, **changes},
        headers={"Idempotency-Key": key or str(uuid.uuid4())},
    )


def expire(assignment: str) -> None:
    Assignment.objects.filter(pk=assignment).update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    expire_leases()


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
    from roiqa.ratings.claims import walk_point

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


def test_a_submitted_rating_is_stored_as_sent(study: Study, annotator: User) -> None:
    study_roi = make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    response = submit(client, assignment, telemetry={"visible_ms": 8000})
    assert response.status_code == 201
    assert response.json()["distortions"] == ANSWER["distortions"]
    rating = Rating.objects.get()
    assert (rating.quality, rating.importance, rating.blur) == (3, 2, 2)
    assert (rating.status, rating.mode, rating.telemetry) == ("accepted", "blind", {"visible_ms": 8000})
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted, study_roi.consensus_due) == (6, 1, True)


def test_a_repeated_submit_answers_200_with_the_same_body(study: Study, annotator: User) -> None:
    make_roi(study)
    client = client_for(annotator)
    assignment, key = claim(client, study).json()["id"], str(uuid.uuid4())
    first = submit(client, assignment, key=key)
    second = submit(client, assignment, key=key)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert Rating.objects.count() == 1


def test_a_key_is_not_reused_for_another_answer(study: Study, annotator: User) -> None:
    make_roi(study)
    client = client_for(annotator)
    assignment, key = claim(client, study).json()["id"], str(uuid.uuid4())
    submit(client, assignment, key=key)
    refused = submit(client, assignment, key=key, quality=0)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_reused")


def test_a_second_rating_of_the_same_roi_is_refused(study: Study, annotator: User) -> None:
    make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    submit(client, assignment)
    refused = submit(client, assignment)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_rated")


def test_a_submit_without_a_key_is_refused_by_name(study: Study, annotator: User) -> None:
    make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    refused = client.post(f"/api/v1/assignments/{assignment}/rating/", ANSWER)
    assert (refused.status_code, refused.json()["code"]) == (422, "idempotency_key_needed")
    assert "Idempotency-Key" in refused.json()["fields"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"quality": 5}, "quality"),
        ({"importance": -1}, "importance"),
        ({"quality": None}, "quality"),
        ({"distortions": {**ANSWER["distortions"], "blur": 6}}, "distortions.blur"),
        ({"distortions": {"blur": 1}}, "distortions.exposure"),
        ({"distortions": {**ANSWER["distortions"], "sharpness": 1}}, "distortions.sharpness"),
        ({"moss": 1}, "moss"),
        ({"telemetry": {"padding": "x" * 20_000}}, "telemetry"),
    ],
)
def test_a_wrong_answer_is_refused_with_its_field(
    study: Study, annotator: User, changes: dict[str, Any], field: str
) -> None:
    make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    refused = submit(client, assignment, **changes)
    assert refused.status_code == 400
    assert field in refused.json()["fields"]
    assert Rating.objects.count() == 0


def test_a_late_submit_takes_a_free_slot_again(study: Study, annotator: User) -> None:
    study_roi = make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    expire(assignment)
    assert submit(client, assignment).status_code == 201
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted) == (6, 1)


def test_a_late_submit_to_a_full_roi_is_kept_but_not_counted_and_nobody_can_tell(study: Study, annotator: User) -> None:
    study.raters_per_roi = 1
    study.save()
    study_roi = make_roi(study)
    late, prompt = client_for(annotator), client_for(make_member(study).user)
    assignment = claim(late, study).json()["id"]
    expire(assignment)
    in_time = submit(prompt, claim(prompt, study).json()["id"])
    too_late = submit(late, assignment)
    assert too_late.status_code == 201
    assert too_late.json().keys() == in_time.json().keys()
    assert Rating.objects.get(annotator=annotator).status == "surplus"
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted) == (0, 1)


def test_cannot_judge_gives_the_slot_to_others_and_never_comes_back(study: Study, annotator: User) -> None:
    study_roi = make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    skipped = client.post(f"/api/v1/assignments/{assignment}/skip/", {"reason": "mask_wrong", "note": "two things"})
    assert (skipped.status_code, skipped.json()["state"]) == (200, "skipped")
    study_roi.refresh_from_db()
    assert study_roi.slots_left == 7
    assert claim(client, study).status_code == 204
    refused = submit(client, assignment)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_skipped")


def test_undo_opens_the_last_answer_and_the_next_submit_revises_it(study: Study, annotator: User) -> None:
    study_roi = make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    first = submit(client, assignment).json()
    progress = client.get(f"/api/v1/studies/{study.slug}/my-progress/").json()
    assert progress["can_undo"] == assignment
    opened = client.post(f"/api/v1/assignments/{assignment}/reopen/").json()
    assert opened["previous_rating"] == first
    revised = submit(client, assignment, quality=0).json()
    assert revised["revision"] == 2
    old, new = Rating.objects.order_by("revision")
    assert (old.is_current, new.is_current, new.supersedes) == (False, True, old)
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted) == (6, 1)


def test_undo_takes_back_a_skip(study: Study, annotator: User) -> None:
    study_roi = make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    client.post(f"/api/v1/assignments/{assignment}/skip/", {"reason": "other"})
    assert client.post(f"/api/v1/assignments/{assignment}/reopen/").json()["previous_rating"] is None
    assert submit(client, assignment).status_code == 201
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted) == (6, 1)


def test_taking_back_a_skip_looks_the_same_when_others_have_filled_the_roi(study: Study, annotator: User) -> None:
    study.raters_per_roi = 1
    study.save()
    study_roi = make_roi(study)
    client, other = client_for(annotator), client_for(make_member(study).user)
    assignment = claim(client, study).json()["id"]
    client.post(f"/api/v1/assignments/{assignment}/skip/", {"reason": "other"})
    submit(other, claim(other, study).json()["id"])
    assert client.post(f"/api/v1/assignments/{assignment}/reopen/").json()["state"] == "active"
    assert submit(client, assignment).status_code == 201
    assert Rating.objects.get(annotator=annotator).status == "surplus"
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted) == (0, 1)


def test_only_the_last_roi_can_be_opened_again(study: Study, annotator: User) -> None:
    make_roi(study)
    make_roi(study)
    client = client_for(annotator)
    first = claim(client, study).json()["id"]
    submit(client, first)
    submit(client, claim(client, study).json()["id"])
    refused = client.post(f"/api/v1/assignments/{first}/reopen/")
    assert (refused.status_code, refused.json()["code"]) == (409, "cannot_undo")


def test_a_reopened_answer_that_is_left_alone_stays_what_it_was(study: Study, annotator: User) -> None:
    study_roi = make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    submit(client, assignment)
    client.post(f"/api/v1/assignments/{assignment}/reopen/")
    expire(assignment)
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted) == (6, 1)
    assert Assignment.objects.get(pk=assignment).state == "submitted"


def test_a_draft_follows_its_revision_and_a_conflict_brings_the_newer_one(study: Study, annotator: User) -> None:
    make_roi(study)
    client = client_for(annotator)
    assignment = claim(client, study).json()["id"]
    url = f"/api/v1/assignments/{assignment}/draft/"
    assert client.put(url, {"revision": 1, "draft": {"quality": 1}}).json() == {"revision": 1}
    assert client.put(url, {"revision": 1, "draft": {"quality": 1}}).status_code == 200
    conflict = client.put(url, {"revision": 1, "draft": {"quality": 4}})
    assert (conflict.status_code, conflict.json()["code"]) == (409, "draft_conflict")
    assert conflict.json()["current"] == {"revision": 1, "draft": {"quality": 1}}
    assert claim(client, study).json()["draft"] == {"quality": 1}


def test_an_excluded_annotators_votes_stop_counting_and_the_roi_waits_again(
    study: Study, admin: User, annotator: User
) -> None:
    study.raters_per_roi = 1
    study.save()
    study_roi = make_roi(study)
    client = client_for(annotator)
    submit(client, claim(client, study).json()["id"])
    member = Membership.objects.get(study=study, user=annotator, role=Role.ANNOTATOR)
    url = f"/api/v1/studies/{study.slug}/members/{member.pk}"
    assert client_for(admin).post(f"{url}/exclude/", {"reason": "clicked at random"}).status_code == 204
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted, study_roi.consensus_due) == (1, 0, True)
    refused = claim(client, study)
    assert (refused.status_code, refused.json()["code"]) == (403, "annotator_excluded")
    assert client_for(admin).post(f"{url}/include/").status_code == 204
    study_roi.refresh_from_db()
    assert (study_roi.slots_left, study_roi.n_accepted) == (0, 1)


def test_giving_back_a_claim_on_an_overfull_roi_opens_no_slot(study: Study, admin: User, annotator: User) -> None:
    study.raters_per_roi = 2
    study.save()
    study_roi = make_roi(study)
    first, second, third = (client_for(make_member(study).user) for _ in range(3))
    excluded = client_for(annotator)
    submit(excluded, claim(excluded, study).json()["id"])
    submit(first, claim(first, study).json()["id"])
    member = Membership.objects.get(study=study, user=annotator)
    url = f"/api/v1/studies/{study.slug}/members/{member.pk}"
    client_for(admin).post(f"{url}/exclude/", {"reason": "by mistake"})
    held = claim(second, study).json()["id"]
    client_for(admin).post(f"{url}/include/")
    second.post(f"/api/v1/assignments/{held}/release/")
    study_roi.refresh_from_db()
    assert (study_roi.n_accepted, study_roi.n_active, study_roi.slots_left) == (2, 0, 0)
    assert claim(third, study).status_code == 204


def test_exclusion_gives_open_claims_back(study: Study, admin: User, annotator: User) -> None:
    study_roi = make_roi(study)
    claim(client_for(annotator), study)
    member = Membership.objects.get(study=study, user=annotator)
    client_for(admin).post(f"/api/v1/studies/{study.slug}/members/{member.pk}/exclude/", {"reason": "left"})
    study_roi.refresh_from_db()
    assert study_roi.slots_left == 7


@pytest.mark.parametrize("statement", ["UPDATE ratings_rating SET quality = 0", "DELETE FROM ratings_rating"])
def test_the_database_refuses_to_change_or_delete_a_rating(study: Study, annotator: User, statement: str) -> None:
    make_roi(study)
    client = client_for(annotator)
    submit(client, claim(client, study).json()["id"])
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert Rating.objects.get().quality == 3


def test_somebody_elses_assignment_does_not_exist(study: Study, annotator: User) -> None:
    make_roi(study)
    assignment = claim(client_for(annotator), study).json()["id"]
    other = client_for(make_member(study).user)
    assert other.get(f"/api/v1/assignments/{assignment}/").status_code == 404
    assert submit(other, assignment).status_code == 404


def test_admins_who_are_no_annotators_do_not_rate(study: Study, admin: User) -> None:
    make_roi(study)
    refused = claim(client_for(admin), study)
    assert (refused.status_code, refused.json()["code"]) == (403, "not_an_annotator")
