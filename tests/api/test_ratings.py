"""Answers through the API: draft, submit, skip, undo."""

import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from roiqa.accounts.models import User
from roiqa.ratings.models import Assignment, Rating
from roiqa.studies.models import Study
from tests.api.factories import ANSWER, client_for, make_member, make_roi
from tests.api.rating_calls import claim, expire, submit

pytestmark = pytest.mark.django_db


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
