"""What a stopping rule would cost and what a study needs, told from the labels there are."""

import pytest

from roiqa.accounts.models import User
from roiqa.consensus.refresh import refresh_study
from roiqa.images.models import Image
from roiqa.studies.models import Study, StudyROI
from tests.api.factories import client_for, make_image, make_member, make_rating, make_roi, make_study, make_user
from tests.api.release_study import answer

pytestmark = pytest.mark.django_db

SETTLED, DISPUTED = (2, 2, 2, 2, 2), (0, 4, 0, 4, 2)


@pytest.fixture
def rated(admin: User) -> Study:
    """Eight ROIs with 5 ratings each: half settled, half disputed; one more without ratings."""
    study = make_study("pilot", raters_per_roi=5)
    make_member(study, "admin", user=admin)
    people = [make_member(study, user=make_user()).user for _ in range(5)]
    image = make_image(study)
    for number in range(8):
        study_roi = make_roi(study, image)
        for person, quality in zip(people, DISPUTED if number % 2 else SETTLED, strict=True):
            make_rating(study_roi, person, answer(quality=quality))
    make_roi(study, image)
    refresh_study(study=study)
    return study


def ask(user: User, study: Study, page: str, **query):
    return client_for(user).get(f"/api/v1/studies/{study.slug}/{page}/", query)


def test_forecast_counts_the_votes_that_the_rule_would_ask_for(rated: Study, admin: User):
    body = ask(admin, rated, "stopping-forecast", fewest=5, most=9, half_width=1.3).json()
    forecast = body["forecast"]
    assert body["note"] == ""
    assert (forecast["rois"], forecast["extended_share"]) == (8, 0.5)
    assert 5 < forecast["mean_votes"] <= 7
    assert forecast["further_votes"] == round(9 * (forecast["mean_votes"] - 5))
    assert sum(forecast["final_votes"].values()) == pytest.approx(1)


def test_rule_without_a_condition_asks_for_nothing(rated: Study, admin: User):
    forecast = ask(admin, rated, "stopping-forecast", fewest=5).json()["forecast"]
    assert (forecast["mean_votes"], forecast["further_votes"]) == (5, 0)


def test_test_split_costs_nothing(rated: Study, admin: User):
    Image.objects.update(split="test")
    forecast = ask(admin, rated, "stopping-forecast", fewest=5, most=9, half_width=0.1).json()["forecast"]
    assert forecast["extended_share"] == 0


def test_forecast_waits_for_rois_that_are_full(rated: Study, admin: User):
    body = ask(admin, rated, "stopping-forecast").json()
    assert body == {
        "forecast": None,
        "note": "No ROI has 7 ratings yet: the cost can be told when some have.",
    }


def test_rule_that_cannot_be_followed_is_refused(rated: Study, admin: User):
    refused = ask(admin, rated, "stopping-forecast", fewest=9, most=7)
    assert (refused.status_code, refused.json()["fields"]["most"]) == (
        422,
        ["fewest is 9 and most is 7: use 1 <= fewest <= most."],
    )
    assert ask(admin, rated, "stopping-forecast", fewset=9).status_code == 400
    assert ask(admin, rated, "stopping-forecast", half_width="nan").status_code == 400


def test_plan_names_votes_people_and_ratings(rated: Study, admin: User):
    plan = ask(admin, rated, "plan", rois=100, half_width=1, ratings_per_annotator=50).json()["plan"]
    assert plan["ratings"] == 100 * plan["votes_per_roi"]
    assert plan["annotators"] >= plan["ratings"] / 50
    assert plan["votes_for_level_accuracy"] is None


def test_plan_waits_for_a_pilot(study: Study, admin: User):
    body = ask(admin, study, "plan", rois=100, half_width=1).json()
    assert body == {"plan": None, "note": "No ROI has two ratings yet: nothing tells how far people differ."}


def test_plan_needs_a_target_that_can_be_reached(rated: Study, admin: User):
    missing = ask(admin, rated, "plan", rois=100)
    assert (missing.status_code, list(missing.json()["fields"])) == (400, ["half_width"])
    out_of_reach = ask(admin, rated, "plan", rois=100, half_width=0.05)
    assert (out_of_reach.status_code, out_of_reach.json()["code"]) == (422, "target_out_of_reach")
    assert "100 votes per ROI reach" in out_of_reach.json()["detail"]


def test_one_image_tells_nothing_of_how_images_differ(rated: Study, admin: User):
    refused = ask(admin, rated, "plan", alpha_half_width=0.05, half_width=1)
    assert (refused.status_code, list(refused.json()["fields"])) == (422, ["alpha_half_width"])
    assert ask(admin, rated, "plan", rois=9, alpha_half_width=0.05, half_width=1).json()["plan"]["for_alpha"] is None


def test_plan_finds_the_rois_that_an_agreement_interval_takes(rated: Study, admin: User):
    for number, study_roi in enumerate(rated.study_rois.all()):
        StudyROI.objects.filter(pk=study_roi.pk).update(image=make_image(rated), consensus_due=True)
        if number == 0:
            for _ in range(5):
                make_rating(study_roi, make_member(rated, user=make_user()).user, answer(quality=0))
    refresh_study(study=rated)
    body = ask(admin, rated, "plan", alpha_half_width=0.01, half_width=1).json()
    plan = body["plan"]
    assert plan["rois"] == plan["for_alpha"]["rois"] >= plan["for_alpha"]["images"]
    # Half as wide takes four times as many.
    wider = ask(admin, rated, "plan", alpha_half_width=0.02, half_width=1).json()["plan"]
    assert plan["for_alpha"]["images"] == pytest.approx(4 * wider["for_alpha"]["images"], rel=0.1)
    given = ask(admin, rated, "plan", rois=50, alpha_half_width=0.02, half_width=1).json()["plan"]
    assert (given["rois"], given["for_alpha"]) == (50, wider["for_alpha"])


def test_plan_needs_a_size_or_a_reason_for_one(rated: Study, admin: User):
    missing = ask(admin, rated, "plan", half_width=1)
    assert (missing.status_code, list(missing.json()["fields"])) == (400, ["rois"])


def test_plan_shows_what_every_further_vote_buys(rated: Study, admin: User):
    plan = ask(admin, rated, "plan", rois=100, half_width=1).json()["plan"]
    widths = [point["half_width"] for point in plan["curve"]]
    assert [point["votes"] for point in plan["curve"]] == list(range(1, len(widths) + 1))
    assert widths == sorted(widths, reverse=True)
    assert widths[plan["votes_per_roi"] - 1] <= 1 < widths[plan["votes_per_roi"] - 2]
    assert len(widths) >= 24
