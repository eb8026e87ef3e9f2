"""What a study asks before rating: off by default, in order, enforced at the claim."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from roiqa.accounts.models import User
from roiqa.consensus.refresh import refresh_study
from roiqa.studies.models import Study, StudyROI
from roiqa.studies.plates import pictures
from roiqa.studies.qualification_models import Consent, TrainingAnswer, TrainingItem, ViewingCheck
from tests.api.factories import JSONClient, client_for, make_image, make_member, make_rating, make_roi
from tests.api.qualifying import (
    ALL_CLEAN,
    LEVELS,
    SCREEN,
    add_items,
    claim_on,
    do_viewing_check,
    enough,
    next_step,
    of,
    right_answers,
    seat_of,
    set_rules,
)
from tests.api.rating_calls import claim, submit

pytestmark = pytest.mark.django_db


@pytest.fixture
def lead(admin: User) -> JSONClient:
    return client_for(admin)


@pytest.fixture
def client(study: Study, annotator: User) -> JSONClient:
    for _ in range(3):
        make_roi(study)
    return client_for(annotator)


def refused(response: Any) -> tuple[int, str, str]:
    body = response.json()
    return response.status_code, body["code"], body.get("next", "")


def test_nothing_is_asked_until_an_admin_says_so(study: Study, client: JSONClient) -> None:
    standing = client.get(of(study, "qualification/")).json()
    assert (standing["next"], standing["steps"]) == (None, [])
    assert claim(client, study).status_code == 201


def test_the_claim_names_the_step_that_is_next_through_all_four(
    study: Study, client: JSONClient, lead: JSONClient
) -> None:
    training, quiz = (add_items(lead, study, use, enough(use)) for use in ("training", "quiz"))
    asked = set_rules(
        lead, study, ask_consent=True, consent_text="We keep your ratings.", ask_viewing=True, ask_training=True,
        ask_quiz=True,
    )  # fmt: skip
    assert asked.status_code == 200, asked.json()
    assert refused(claim(client, study)) == (409, "qualification_required", "consent")
    client.post(of(study, "qualification/consent/"), {"version": 1})
    assert refused(claim(client, study)) == (409, "qualification_required", "viewing_check")
    check = do_viewing_check(client, study)
    assert (check["passed"], check["problems"]) == (True, [])
    assert refused(claim_on(client, study, check["id"])) == (409, "qualification_required", "training")
    for item in training:
        assert client.post(of(study, f"training/{item}/"), LEVELS).json()["right"] is True
    assert refused(claim_on(client, study, check["id"])) == (409, "qualification_required", "quiz")
    for item in quiz:
        client.post(of(study, f"quiz/{item}/"), LEVELS)
    assert next_step(client, study, check["id"]) is None
    assert claim_on(client, study, check["id"]).status_code == 201


def test_a_claim_that_is_let_in_reads_one_row_for_it(study: Study, client: JSONClient, lead: JSONClient) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert claim(client, study).status_code in {200, 201}
        return len(seen)

    queries()
    without = queries()
    set_rules(lead, study, ask_consent=True, consent_text="Words.")
    client.post(of(study, "qualification/consent/"), {"version": 1})
    first = queries()
    assert (first > without, queries()) == (True, without)


# Consent.


def test_a_consent_keeps_its_version_and_time_and_a_new_text_asks_again(
    study: Study, client: JSONClient, lead: JSONClient, annotator: User
) -> None:
    set_rules(lead, study, ask_consent=True, consent_text="First words.")
    before = timezone.now()
    client.post(of(study, "qualification/consent/"), {"version": 1})
    client.post(of(study, "qualification/consent/"), {"version": 1})
    given = Consent.objects.get(membership=seat_of(study, annotator))
    assert (given.text.version, given.text.text) == (1, "First words.")
    assert before <= given.given_at <= timezone.now()
    assert claim(client, study).status_code == 201
    set_rules(lead, study, consent_text="Other words.")
    assert refused(claim(client, study)) == (409, "qualification_required", "consent")
    outdated = client.post(of(study, "qualification/consent/"), {"version": 1})
    assert refused(outdated)[:2] == (409, "consent_outdated")
    shown = client.get(of(study, "qualification/")).json()["consent"]
    assert shown == {"version": 2, "text": "Other words."}
    client.post(of(study, "qualification/consent/"), {"version": 2})
    assert claim(client, study).status_code == 200
    assert Consent.objects.count() == 2


def test_a_consent_can_be_taken_back_and_what_is_on_screen_still_be_submitted(
    study: Study, client: JSONClient, lead: JSONClient
) -> None:
    set_rules(lead, study, ask_consent=True, consent_text="Words.")
    client.post(of(study, "qualification/consent/"), {"version": 1})
    assignment = claim(client, study).json()["id"]
    assert client.delete(of(study, "qualification/consent/")).status_code == 204
    assert submit(client, assignment).status_code == 201
    assert refused(claim(client, study)) == (409, "qualification_required", "consent")
    assert Consent.objects.get().withdrawn_at is not None


def test_consent_cannot_be_asked_for_without_a_text(study: Study, lead: JSONClient) -> None:
    response = set_rules(lead, study, ask_consent=True)
    assert (response.status_code, response.json()["code"]) == (422, "rules_incomplete")
    assert "consent_text" in response.json()["fields"]


def test_switching_off_and_on_again_asks_only_who_has_not_done_it(
    study: Study, client: JSONClient, lead: JSONClient
) -> None:
    set_rules(lead, study, ask_consent=True, consent_text="Words.")
    other = client_for(make_member(study).user)
    client.post(of(study, "qualification/consent/"), {"version": 1})
    set_rules(lead, study, ask_consent=False)
    assert claim(other, study).status_code == 201
    set_rules(lead, study, ask_consent=True)
    assert claim(client, study).status_code == 201
    assert refused(claim(other, study))[1] == "qualification_required"


# The viewing check.


def test_a_check_holds_on_its_own_screen_and_for_thirty_days(
    study: Study, client: JSONClient, lead: JSONClient, annotator: User
) -> None:
    set_rules(lead, study, ask_viewing=True)
    first = do_viewing_check(client, study)["id"]
    assert claim_on(client, study, first).status_code == 201
    assert refused(claim_on(client, study, None))[2] == "viewing_check"
    second = do_viewing_check(client, study, {**SCREEN, "device_pixel_ratio": 2})["id"]
    assert claim_on(client, study, second).status_code == 200
    assert claim_on(client, study, first).status_code == 200
    kept = {row["id"]: row["device_pixel_ratio"] for row in client.get(of(study, "qualification/")).json()["checks"]}
    assert kept == {first: 1.5, second: 2}
    expires = ViewingCheck.objects.get(pk=first).expires_at
    assert expires is not None
    assert timedelta(days=29) < expires - timezone.now() < timedelta(days=30)
    past = timezone.now() - timedelta(seconds=1)
    ViewingCheck.objects.filter(pk=first).update(expires_at=past)
    seat = seat_of(study, annotator)
    assert seat.qualified_until == expires
    seat.qualified_until = past
    seat.save()
    assert refused(claim_on(client, study, first))[2] == "viewing_check"


def test_somebody_elses_check_opens_nothing(study: Study, client: JSONClient, lead: JSONClient) -> None:
    set_rules(lead, study, ask_viewing=True)
    theirs = do_viewing_check(client_for(make_member(study).user), study)["id"]
    assert refused(claim_on(client, study, theirs))[2] == "viewing_check"
    assert client.get(f"/api/v1/viewing-checks/{theirs}/pictures/0/").status_code == 404
    assert client.post(f"/api/v1/viewing-checks/{theirs}/answer/", right_answers(theirs)).status_code == 404


@pytest.mark.parametrize(
    ("changes", "code", "rule"),
    [
        ({"dark": 0}, "dark", "require_brightness"),
        ({"light": 8}, "light", "require_brightness"),
        ({"plates": [None] * 4}, "colours", "require_colour_vision"),
    ],
)
def test_what_is_not_seen_is_kept_and_keeps_out_only_where_the_study_says_so(
    study: Study, client: JSONClient, lead: JSONClient, changes: dict[str, Any], code: str, rule: str
) -> None:
    set_rules(lead, study, ask_viewing=True)
    result = do_viewing_check(client, study, **changes)
    assert result["passed"] is False
    assert [(p["code"], p["blocks"]) for p in result["problems"]] == [(code, True)]
    assert refused(claim_on(client, study, result["id"]))[2] == "viewing_check"
    set_rules(lead, study, **{rule: False})
    assert claim_on(client, study, result["id"]).status_code == 201


def test_a_digit_of_one_colour_deficiency_that_is_missed_is_named_without_saying_which(
    study: Study, client: JSONClient, lead: JSONClient
) -> None:
    set_rules(lead, study, ask_viewing=True)
    begun = client.post(of(study, "viewing-checks/"), SCREEN).json()
    answers = right_answers(begun["id"])
    kinds = [p.kind for p in pictures(ViewingCheck.objects.get(pk=begun["id"]).seed)]
    answers["plates"][kinds.index("deutan")] = None
    result = client.post(f"/api/v1/viewing-checks/{begun['id']}/answer/", answers).json()
    assert [p["code"] for p in result["problems"]] == ["colour_vision"]
    assert "deutan" not in str(result)


def test_a_screen_that_is_too_small_or_a_card_of_no_size_does_not_do(
    study: Study, client: JSONClient, lead: JSONClient, annotator: User
) -> None:
    set_rules(lead, study, ask_viewing=True, min_screen_px=3000)
    small = do_viewing_check(client, study, card_px=2000.0)
    assert [p["code"] for p in small["problems"]] == ["screen_size", "screen_small"]
    set_rules(lead, study, min_screen_px=2560)
    good = do_viewing_check(client, study, card_side="short", card_px=4 * 53.98)
    assert good["passed"] is True
    assert ViewingCheck.objects.get(pk=good["id"]).px_per_mm == pytest.approx(4)


def test_the_pictures_are_shown_until_the_check_is_answered_and_name_no_answer(
    study: Study, client: JSONClient, lead: JSONClient
) -> None:
    set_rules(lead, study, ask_viewing=True)
    begun = client.post(of(study, "viewing-checks/"), SCREEN).json()
    assert [p["kind"] for p in begun["pictures"]] == ["plate"] * 4 + ["dark", "light"]
    assert not {"seed", "answer", "answers"} & begun.keys()
    shown = client.get(begun["pictures"][0]["url"])
    assert (shown.status_code, shown["Content-Type"], shown.content[:4]) == (200, "image/png", b"\x89PNG")
    answer = f"/api/v1/viewing-checks/{begun['id']}/answer/"
    client.post(answer, right_answers(begun["id"]))
    assert client.get(begun["pictures"][0]["url"]).status_code == 404
    assert refused(client.post(answer, right_answers(begun["id"])))[1] == "viewing_check_over"


# Training and quiz.


def test_feedback_comes_after_the_answer_and_the_first_answer_stays(
    study: Study, client: JSONClient, lead: JSONClient
) -> None:
    first, *others = add_items(lead, study, "training", 10)
    set_rules(lead, study, ask_training=True)
    before = client.get(of(study, "training/")).json()[0]
    assert (before["id"], before["right"], before["verdicts"], before["explanation"]) == (first, None, None, "")
    answered = client.post(of(study, f"training/{first}/"), {**ALL_CLEAN, "quality": 3}).json()
    assert answered["right"] is False
    assert answered["explanation"] == "The edges are soft."
    blur = next(v for v in answered["verdicts"] if v["scale"] == "blur")
    assert blur == {"scale": "blur", "answer": 5, "reference": 2, "right": False}
    again = client.post(of(study, f"training/{first}/"), LEVELS).json()
    assert (again["right"], TrainingAnswer.objects.count()) == (False, 1)
    for item in others:
        client.post(of(study, f"training/{item}/"), ALL_CLEAN)
    # Training is for learning: it is done when it is done, whatever was answered.
    assert claim(client, study).status_code == 201


def test_the_quiz_tells_nothing_of_its_items_and_ends_after_its_tries(
    study: Study, client: JSONClient, lead: JSONClient, annotator: User
) -> None:
    items = add_items(lead, study, "quiz", 5)
    set_rules(lead, study, ask_quiz=True, quiz_tries=2, quiz_pass_percent=80)
    orders = []
    for number, right in ((1, 3), (2, 3)):
        quiz = client.get(of(study, "quiz/")).json()
        assert (quiz["number"], quiz["tries_left"]) == (number, 3 - number)
        orders.append([item["id"] for item in quiz["items"]])
        for place, item in enumerate(orders[-1]):
            body = client.post(of(study, f"quiz/{item}/"), LEVELS if place < right else ALL_CLEAN).json()
            for told in ("reference", "verdicts", "right", "explanation", "soft"):
                assert told not in str(body["items"])
        assert (body["passed"], body["last_percent"]) == (False, 60)
    assert sorted(orders[0]) == sorted(orders[1]) == sorted(items)
    assert refused(client.get(of(study, "quiz/")))[1] == "no_tries_left"
    step = client.get(of(study, "qualification/")).json()["steps"][0]
    assert (step["done"], step["blocked"]) == (False, True)
    lead.post(of(study, f"members/{seat_of(study, annotator).pk}/quiz-tries/"))
    for place, item in enumerate(items):
        body = client.post(of(study, f"quiz/{item}/"), LEVELS if place else ALL_CLEAN).json()
    assert (body["passed"], body["last_percent"]) == (True, 80)
    assert claim(client, study).status_code == 201


def test_whoever_sees_no_distortion_anywhere_fails_although_most_levels_are_right(
    study: Study, client: JSONClient, lead: JSONClient
) -> None:
    items = add_items(lead, study, "quiz", 5)
    set_rules(lead, study, ask_quiz=True, quiz_pass_percent=20)
    for item in items:
        body = client.post(of(study, f"quiz/{item}/"), ALL_CLEAN).json()
    assert body["last_percent"] == 0


def test_a_labelled_roi_becomes_an_item_with_its_label_and_is_rated_no_more(
    study: Study, annotator: User, lead: JSONClient
) -> None:
    study.raters_per_roi = 2
    study.save()
    labelled, test_part = (
        make_roi(study, make_image(study, split="train")),
        make_roi(study, make_image(study, split="test")),
    )
    for study_roi in (labelled, test_part):
        for _ in range(2):
            make_rating(study_roi, make_member(study).user)
    refresh_study(study=study)
    offered = lead.get(of(study, "training-candidates/")).json()["results"]
    assert [row["roi"]["id"] for row in offered] == [str(labelled.roi_id)]
    body = lead.post(of(study, "training-items/"), {"roi": str(labelled.roi_id), "use": "training"}).json()
    assert (body["from_consensus"], body["reference"]) == (True, offered[0]["reference"])
    assert set(body["reference"]) == set(LEVELS)
    refusal = lead.post(of(study, "training-items/"), {"roi": str(test_part.roi_id), "use": "training"})
    assert refused(refusal)[1] == "training_item_unfit"
    # One more rater is wanted everywhere, but not of what people learn on.
    lead.patch(of(study), {"raters_per_roi": 3})
    labelled.refresh_from_db()
    assert (labelled.raters_wanted, labelled.slots_left) == (3, 0)
    assert claim(client_for(annotator), study).json()["roi"]["id"] == str(test_part.roi_id)


def test_an_item_that_nobody_has_seen_explained_can_be_rated_again(
    study: Study, client: JSONClient, lead: JSONClient
) -> None:
    seen, unseen = add_items(lead, study, "training", 2)
    client.post(of(study, f"training/{seen}/"), LEVELS)
    rois = {str(item.pk): item.study_roi_id for item in TrainingItem.objects.all()}
    for item in (seen, unseen):
        assert lead.delete(of(study, f"training-items/{item}/")).status_code == 204
    slots = dict(StudyROI.objects.values_list("pk", "slots_left"))
    assert (slots[rois[seen]], slots[rois[unseen]]) == (0, 7)


def test_training_needs_ten_rois_and_keeps_them_while_it_is_asked(study: Study, lead: JSONClient) -> None:
    items = add_items(lead, study, "training", 9)
    few = set_rules(lead, study, ask_training=True)
    assert (few.status_code, "9 ROIs" in few.json()["detail"]) == (422, True)
    add_items(lead, study, "training", 1)
    assert set_rules(lead, study, ask_training=True).status_code == 200
    assert refused(lead.delete(of(study, f"training-items/{items[0]}/")))[1] == "training_item_unfit"


def test_training_waits_for_consent(study: Study, client: JSONClient, lead: JSONClient) -> None:
    add_items(lead, study, "training", 10)
    set_rules(lead, study, ask_training=True, ask_consent=True, consent_text="Words.")
    assert refused(client.get(of(study, "training/")))[2] == "consent"
    assert refused(client.post(of(study, "viewing-checks/"), SCREEN))[2] == "consent"


def test_admins_see_how_far_everybody_is(study: Study, client: JSONClient, lead: JSONClient, annotator: User) -> None:
    set_rules(lead, study, ask_consent=True, consent_text="Words.", ask_viewing=True)
    client.post(of(study, "qualification/consent/"), {"version": 1})
    do_viewing_check(client, study, dark=0)
    (row,) = lead.get(of(study, "qualification/people/")).json()
    assert (row["username"], row["consent_version"], row["viewing_passed"]) == (annotator.username, 1, False)
    assert (row["viewing_problems"], row["tries_left"], row["trained_at"]) == (["dark"], 3, None)
